export { AuthenticationGuard, OperatorToken } from './authentication.guard.ts';
export { credentialsNoun } from './credentials.module.ts';
export { Guesses } from './sign-in.ts';
