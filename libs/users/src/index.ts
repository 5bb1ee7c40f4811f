export { AuthenticationGuard, OperatorToken } from './authentication.guard.ts';
export { type Address, emailInvalid, People } from './people.ts';
export { Guesses } from './sign-in.ts';
export { Rates, takeOne, waitingPassword } from './user.handlers.ts';
export { type UserEvent, user } from './user.ts';
export { usersNoun } from './users.module.ts';
export type { UserView } from './users.projection.ts';
