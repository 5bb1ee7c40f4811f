import { IsOptional } from 'class-validator';
import { EmailAddress, OneOf, TelephoneNumber, Text } from '#http';

export class SignInWithPassword {
  @EmailAddress() email!: string;
  @Text({ max: 1_024 }) password!: string;
}

export class SignInWithSecondFactor {
  @Text({ max: 64 }) challengeId!: string;
  @Text({ max: 32 }) code!: string;
}

export class SendCodeAgain {
  @Text({ max: 64 }) challengeId!: string;
}

export class BeginTwoFactor {
  @OneOf(['totp', 'sms']) method!: 'totp' | 'sms';
  /** With `sms` only. */
  @IsOptional() @TelephoneNumber() number?: string;
  /** When it is to replace one that is on. */
  @IsOptional() @Text({ max: 1_024 }) currentPassword?: string;
}
