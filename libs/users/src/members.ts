import { Injectable } from '@nestjs/common';
import { type Envelope, Execution, mayManage, type Outcome, type Principal } from '#commands';
import { forbidden, notFound, type Refusal } from '#kernel';
import { organization } from '#organizations';
import { isLiving, type Living, type User, type UserCommand, user } from './user.ts';

export interface MemberTarget {
  readonly organizationId: string;
  readonly userId: string;
}

/** Managed by exactly this organization; anybody else is not there for it. */
export const memberOf = (state: User, organizationId: string): Living | undefined =>
  isLiving(state) && state.membership?.organizationId === organizationId ? state : undefined;

/** USR-06, rules.md 1.6. */
export const mayManageMember = (
  principal: Principal,
  state: User,
  { organizationId }: MemberTarget,
): Refusal | undefined =>
  mayManage(principal, organizationId) ?? (memberOf(state, organizationId) ? undefined : notFound);

/** Administrators change everybody but the Owner. */
export const mayChangeMember = (
  principal: Principal,
  state: User,
  target: MemberTarget,
): Refusal | undefined =>
  mayManageMember(principal, state, target) ??
  (isLiving(state) && state.membership?.role === 'owner' && principal.role !== 'owner'
    ? forbidden
    : undefined);

export const memberAnswer = (state: User): object => {
  if (!isLiving(state)) return {};
  const { userId, status, email, emailVerified, twoFactorRequired, membership } = state;
  const { organizationId = null, role = null } = membership ?? {};
  return { userId, organizationId, role, status, email, emailVerified, twoFactorRequired };
};

/** Changes one person of an organization; who the Owner is, is read after the person and so never older. */
@Injectable()
export class Members {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async ownerOf(organizationId: string): Promise<string> {
    const { state } = await this.#execution.load(organization, organizationId);
    return state.status === 'open' ? state.ownerId : '';
  }

  change(
    target: MemberTarget,
    envelope: Envelope,
    command: (state: Living, ownerId: string) => Promise<UserCommand | Refusal> | UserCommand | Refusal,
    authorize: typeof mayManageMember = mayManageMember,
  ): Promise<Outcome> {
    const { organizationId, userId } = target;
    return this.#execution.run(
      {
        decider: user,
        id: userId,
        authorize: (principal, state) => authorize(principal, state, target),
        command: async (state: User) =>
          isLiving(state) ? command(state, await this.ownerOf(organizationId)) : notFound,
        answer: memberAnswer,
      },
      envelope,
    );
  }
}
