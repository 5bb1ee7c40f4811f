import { Injectable } from '@nestjs/common';
import { account, inactive, mayManageAccount } from '#accounts';
import {
  conflictWithNew,
  type Envelope,
  Execution,
  mayManage,
  type Outcome,
  type Principal,
} from '#commands';
import { isRefusal, notFound, type Refusal, refuse, rolesRefusal } from '#kernel';
import type { Address } from '#users';
import { type AccountGrant, type Invitation, invitation } from './invitation.ts';
import { InvitationLinks } from './invitation-links.ts';
import { type Destination, type Invitee, Invitees } from './invitees.ts';
import { PendingLimit } from './pending-limit.ts';

export type KnownInvitation = Exclude<Invitation, { status: 'unknown' }>;

/** What an invitation is about before anybody is asked. */
export type Offer = Pick<
  KnownInvitation,
  'organizationId' | 'role' | 'accountId' | 'accounts' | 'joinsOrganizationId'
>;

export const invitationAnswer = (state: Invitation): object =>
  state.status === 'unknown'
    ? {}
    : {
        invitationId: state.invitationId,
        userId: state.userId,
        kind: state.kind,
        status: state.status,
        expiresAt: state.expiresAt,
        accounts: state.accounts,
        ...(state.accountId === null ? {} : { granted: false }),
      };

export const destinationOf = ({
  organizationId,
  role,
  accountId,
  joinsOrganizationId,
}: Offer): Destination => ({
  sentFrom: accountId ?? organizationId ?? '',
  organizationId,
  joins: role === null ? joinsOrganizationId : organizationId,
  merges: role !== null && accountId === null,
});

/** Sends invitations of every kind: one person, one claim, one limit, one link. */
@Injectable()
export class InvitationSending {
  readonly #execution: Execution;
  readonly #invitees: Invitees;
  readonly #links: InvitationLinks;
  readonly #limit: PendingLimit;

  constructor(execution: Execution, invitees: Invitees, links: InvitationLinks, limit: PendingLimit) {
    this.#execution = execution;
    this.#invitees = invitees;
    this.#links = links;
    this.#limit = limit;
  }

  /** P2: the first answer, when the command has sent its invitation already. */
  repeated(invitationId: string, envelope: Envelope): Promise<Outcome | undefined> {
    return this.#execution.repeated(
      { decider: invitation, id: invitationId, answer: invitationAnswer },
      envelope,
    );
  }

  async send(invitationId: string, offer: Offer, address: Address, envelope: Envelope): Promise<Outcome> {
    const conflict = conflictWithNew(envelope);
    if (conflict) return conflict;
    const to = destinationOf(offer);
    return this.#limit.within(to.sentFrom, async () => {
      const invitee = await this.#invitees.prepare(invitationId, address, to, envelope);
      return isRefusal(invitee) ? invitee : this.#write(invitationId, offer, invitee, address, envelope);
    });
  }

  #write(
    invitationId: string,
    offer: Offer,
    { userId, kind, ownedAccountIds, absorbs }: Invitee,
    { email, domain }: Address,
    envelope: Envelope,
  ): Promise<Outcome> {
    const { organizationId, role, accountId, accounts, joinsOrganizationId } = offer;
    return this.#execution.run(
      {
        decider: invitation,
        id: invitationId,
        command: {
          type: 'SendInvite',
          invitationId,
          organizationId,
          userId,
          role,
          accountId,
          accounts,
          joinsOrganizationId,
          absorbs,
          email,
          domain,
          kind,
          ownedAccountIds,
          invitedBy: envelope.principal.id,
          tokenHash: this.#links.hash(invitationId, 1),
          expiresAt: this.#links.expiry(this.#execution.now()),
        },
        made: true,
        answer: invitationAnswer,
      },
      envelope,
    );
  }

  /** INV-13: why these accounts of the organization cannot be offered. */
  async refusesAccounts(
    organizationId: string,
    grants: readonly AccountGrant[],
  ): Promise<Refusal | undefined> {
    for (const { accountId, roles } of grants) {
      const { state } = await this.#execution.load(account, accountId);
      const foreign = state.status === 'unknown' || state.organizationId !== organizationId;
      const refused = foreign ? accountUnknown : (rolesRefusal(roles) ?? inactive(state));
      if (refused) return { ...refused, members: { ...refused.members, accountId } };
    }
    const once = new Set(grants.map(({ accountId }) => accountId)).size === grants.length;
    return once ? undefined : namedTwice;
  }

  /** Owner and Administrators of the organization, and of the account when it was sent from there. */
  async mayHandle(
    principal: Principal,
    state: Invitation,
    target: { readonly organizationId?: string; readonly accountId?: string },
  ): Promise<Refusal | undefined> {
    if (state.status === 'unknown') return notFound;
    const { organizationId, accountId } = state;
    if (target.organizationId !== undefined)
      return organizationId === target.organizationId ? mayManage(principal, organizationId) : notFound;
    if (!state.accounts.some((grant) => grant.accountId === target.accountId)) return notFound;
    const { state: at } = await this.#execution.load(account, target.accountId ?? '');
    const refused = mayManageAccount(principal, at);
    return refused || accountId !== null ? refused : mayManage(principal, organizationId);
  }
}

export const accountUnknown = refuse(
  'invalid',
  'account_unknown',
  'This is not an account of the organization.',
);
const namedTwice = refuse('invalid', 'account_named_twice', 'An account is named more than once.');
