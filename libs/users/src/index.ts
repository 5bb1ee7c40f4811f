export { Erasure } from './erasure.handlers.ts';
export { ManagedUsersLimit } from './managed-users-limit.ts';
export { type Address, emailInvalid, People } from './people.ts';
export type { UserEvent, Via } from './user.events.ts';
export { Rates, takeOne } from './user.handlers.ts';
export { type ActiveUser, isLiving, type Living, type User, user } from './user.ts';
export { usersNoun } from './users.module.ts';
export type { UserView } from './users.projection.ts';
export { oneself } from './users.queries.ts';
