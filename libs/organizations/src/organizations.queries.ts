import { Inject, Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { inOrganization, mayRead } from '#commands';
import type { Answered } from '#http';
import type { Refusal } from '#kernel';
import { OrgledgerQuery, readingOf, resourceHandlers, resourceRow } from '#queries';
import { ReadModels } from '#read-models';
import type { organization as shown, summary } from './organizations.answers.ts';
import type { OrganizationView } from './organizations.projection.ts';

export class GetOrganization extends OrgledgerQuery {
  organizationId!: string;
}

export class GetSummary extends OrgledgerQuery<Summary> {
  organizationId!: string;
}

export type Summary = Answered<typeof summary>;

const COUNTED = ['users', 'accounts', 'domains'] as const;

@Injectable()
@QueryHandler(GetSummary)
class GetSummaryHandler implements IQueryHandler<GetSummary> {
  readonly #readModels: ReadModels;

  constructor(@Inject(ReadModels) readModels: ReadModels) {
    this.#readModels = readModels;
  }

  async execute(query: GetSummary): Promise<Summary | Refusal> {
    const { principal, at, asOf, atLeast } = readingOf(query);
    const { organizationId } = query;
    const refused = mayRead(principal, organizationId);
    if (refused) return refused;
    await this.#readModels.reach(atLeast, COUNTED);
    const position = at ?? this.#readModels.positionOf(...COUNTED);
    const count = async <Name extends string>(list: string, field: string, values: readonly Name[]) => {
      const counts = await Promise.all(
        values.map((value) => this.#readModels.count(list, { organizationId, [field]: value }, at)),
      );
      return Object.fromEntries(values.map((value, index) => [value, counts[index]])) as Record<Name, number>;
    };
    return {
      users: await count('users', 'kind', ['managed', 'independent', 'pending']),
      accounts: await count('accounts', 'kind', ['managed', 'independent', 'pending']),
      domains: await count('domains', 'status', ['pending', 'verified', 'unvalidated']),
      position: String(position),
      asOf,
    };
  }
}

export const organizationQueries = [
  GetSummaryHandler,
  ...resourceHandlers(
    resourceRow<GetOrganization, OrganizationView>({
      on: GetOrganization,
      projection: 'organizations',
      id: ({ organizationId }) => organizationId,
      authorize: (principal, { organizationId }) => inOrganization(principal, organizationId),
      item: ({
        organizationId,
        name,
        ownerId,
        signUpPolicy,
        status,
        ownerOnUnverifiedDomain,
        createdAt,
      }): Answered<typeof shown> => ({
        organizationId,
        name,
        ownerId,
        signUpPolicy,
        status,
        ownerOnUnverifiedDomain,
        createdAt,
      }),
    }),
  ),
];
