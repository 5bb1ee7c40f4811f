import type { Noun } from '#commands';
import { AuthenticationGuard } from './authentication.guard.ts';
import { SignInController } from './sign-in.http.ts';
import { SignIn } from './sign-in.ts';

export const credentialsNoun: Noun = {
  name: 'credentials',
  controllers: [SignInController],
  providers: [SignIn, AuthenticationGuard],
};
