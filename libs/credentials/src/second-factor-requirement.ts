import { Injectable } from '@nestjs/common';
import type { ActiveUser } from '#users';

/** SEC-05: whether a person may sign in with a password alone. */
@Injectable()
export class SecondFactorRequirement {
  async appliesTo({ twoFactorRequired }: ActiveUser): Promise<boolean> {
    return twoFactorRequired;
  }
}
