import { Injectable } from '@nestjs/common';
import type { OrganizationRole } from '#kernel';
import { LogHead } from '#queries';
import { ReadModels } from '#read-models';
import type { PlannedUser } from './merge.ts';

type Where = Parameters<ReadModels['list']>[1]['where'];

/** What belongs to an organization, from the read models as far as the log has come. */
@Injectable()
export class Candidate {
  readonly #readModels: ReadModels;
  readonly #log: LogHead;

  constructor(readModels: ReadModels, log: LogHead) {
    this.#readModels = readModels;
    this.#log = log;
  }

  /** Everything before now is shown. @throws ReadModelBehind */
  async reached(): Promise<void> {
    await this.#readModels.reach(await this.#log.head(), [
      'users',
      'accounts',
      'invitations',
      'domains',
      'api-keys',
    ]);
  }

  /** MRG-02: also one whose proof is missing just now is proved by somebody. */
  async hasVerifiedDomains(organizationId: string): Promise<boolean> {
    const where = { organizationId, status: { in: ['verified', 'unvalidated'] } };
    return (await this.#readModels.count('domains', where)) > 0;
  }

  async managedUsers(organizationId: string): Promise<number> {
    return this.#readModels.count('users', { organizationId, kind: 'managed' });
  }

  async *users(organizationId: string): AsyncGenerator<PlannedUser & { email: string; domain: string }> {
    yield* this.#all<{ userId: string; role: OrganizationRole; email: string; domain: string }>(
      'users',
      'name',
      {
        organizationId,
        kind: 'managed',
      },
    );
  }

  async *accounts(organizationId: string): AsyncGenerator<{ accountId: string; name: string }> {
    yield* this.#all<{ accountId: string; name: string }>('accounts', 'name', {
      organizationId,
      kind: 'managed',
    });
  }

  /** Accounts that it has asked for. */
  async *additions(organizationId: string): AsyncGenerator<{ addition: { additionId: string } | null }> {
    yield* this.#all<{ addition: { additionId: string } | null }>('accounts', 'name', {
      organizationId,
      kind: 'pending',
    });
  }

  /** Accounts of others that it sees. */
  async *sharedAccounts(organizationId: string): AsyncGenerator<{ accountId: string }> {
    yield* this.#all<{ accountId: string }>('accounts', 'name', { organizationId, kind: 'independent' });
  }

  async *pendingInvitations(organizationId: string): AsyncGenerator<{ invitationId: string }> {
    yield* this.#all<{ invitationId: string }>('invitations', 'email', { organizationId, status: 'pending' });
  }

  async *domains(organizationId: string): AsyncGenerator<{ domainId: string }> {
    yield* this.#all<{ domainId: string }>('domains', 'domain', { organizationId });
  }

  async *apiKeys(organizationId: string): AsyncGenerator<{ apiKeyId: string }> {
    yield* this.#all<{ apiKeyId: string }>('api-keys', 'name', { organizationId });
  }

  async *#all<View>(name: string, field: string, where: Where): AsyncGenerator<View, void> {
    yield* this.#readModels.every<View>(name, { where, by: field });
  }
}
