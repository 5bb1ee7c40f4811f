export { type Address, emailInvalid, People } from './people.ts';
export { Rates, takeOne } from './user.handlers.ts';
export { type ActiveUser, type User, type UserEvent, user } from './user.ts';
export { usersNoun } from './users.module.ts';
export type { UserView } from './users.projection.ts';
export { oneself } from './users.queries.ts';
