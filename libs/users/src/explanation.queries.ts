import { Inject, Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type AuditView, auditItem } from '#audit';
import { mayRead } from '#commands';
import { OneOf, ReadQuery } from '#http';
import { notFound, type Refusal } from '#kernel';
import { OrgledgerQuery, readingOf } from '#queries';
import { ReadModels, type Told } from '#read-models';
import type { UserView } from './users.projection.ts';

const fields = [
  'kind',
  'email',
  'emailVerified',
  'givenName',
  'familyName',
  'role',
  'status',
  'twoFactorRequired',
  'domain',
  'accounts',
  'joinedAt',
] as const;

type Field = (typeof fields)[number];

export class ExplanationQuery extends ReadQuery {
  @OneOf(fields) field!: Field;
}

export class ExplainUser extends OrgledgerQuery {
  organizationId!: string;
  userId!: string;
  field!: Field;
}

/** Longer chains of causes than any policy makes. */
const CHAIN = 50;

const TOLD_FROM = ['users', 'audit'] as const;

type Event = AuditView & { _id: string };

/** Why a field of a person is what it is: its values, and for each the event that made it, and what caused that one. */
@Injectable()
@QueryHandler(ExplainUser)
export class ExplainUserHandler implements IQueryHandler<ExplainUser> {
  readonly #readModels: ReadModels;

  constructor(@Inject(ReadModels) readModels: ReadModels) {
    this.#readModels = readModels;
  }

  async execute(query: ExplainUser): Promise<object | Refusal> {
    const { principal, at, asOf, atLeast } = readingOf(query);
    const { organizationId, userId, field } = query;
    const refused = mayRead(principal, organizationId);
    if (refused) return refused;
    await this.#readModels.reach(atLeast, TOLD_FROM);
    const versions = await this.#readModels.history<UserView>('users', `${organizationId}:${userId}`, at);
    const newest = versions.at(-1);
    if (!newest || newest.to !== undefined) return notFound;
    const told = await Promise.all(
      changesOf(field, versions)
        .toReversed()
        .map(async ({ document, from, event }) => ({
          value: document[field],
          position: String(from),
          because: await this.#chain(event, organizationId),
        })),
    );
    return {
      userId,
      organizationId,
      field,
      value: newest.document[field],
      history: told,
      position: String(at ?? this.#readModels.positionOf(...TOLD_FROM)),
      asOf,
    };
  }

  /** From the event up to what a person asked for; what another organization did is not told here. */
  async #chain(event: string, organizationId: string): Promise<object[]> {
    const chain: object[] = [];
    for (let id: string | null = event; id !== null && chain.length < CHAIN; ) {
      const view: Event | undefined = await this.#readModels.get<Event>('audit', id);
      if (!view || view.organizationId !== organizationId) break;
      chain.push({ ...auditItem(view), commandId: view.commandId });
      id = view.causationId;
    }
    return chain;
  }
}

/** The versions that brought another value, also those after which the person was away and came back. */
const changesOf = (field: Field, versions: readonly Told<UserView>[]): Told<UserView>[] =>
  versions.filter((version, index) => {
    const before = versions[index - 1];
    return before?.to !== version.from || before.document[field] !== version.document[field];
  });
