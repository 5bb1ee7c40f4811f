export { Afterwards } from './afterwards.ts';
export { AuthenticationGuard, OperatorToken } from './authentication.guard.ts';
export { credentialsNoun } from './credentials.module.ts';
export { CredentialRates, Guesses } from './guesses.ts';
