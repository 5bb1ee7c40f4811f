import { EmailAddress, Text } from '#http';

export class SignInWithPassword {
  @EmailAddress() email!: string;
  @Text({ max: 1_024 }) password!: string;
}
