import { Injectable } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { IsOptional } from 'class-validator';
import { mayRead } from '#commands';
import { ListQuery, OneOf, SortBy } from '#http';
import type { Refusal } from '#kernel';
import { answerList, type List, listRow, OrgledgerQuery } from '#queries';
import { ReadModels } from '#read-models';
import { ApiKeyUses } from './api-key-uses.ts';
import type { ApiKeyView } from './api-keys.projection.ts';

export class ApiKeysQuery extends ListQuery {
  @IsOptional() @OneOf(['administrator', 'auditor', 'standard_user']) role?: string;
  @IsOptional() @SortBy('name', 'createdAt') sort?: string;
}

export class ListApiKeys extends OrgledgerQuery {
  organizationId!: string;
  role?: string;
}

const item = (
  { apiKeyId, name, role, createdBy, createdAt, expiresAt }: ApiKeyView,
  lastUsedAt: string | undefined,
) => ({ apiKeyId, name, role, createdBy, createdAt, expiresAt, lastUsedAt: lastUsedAt ?? null });

/** Not a row of a table alone: when a key was used last is not in a read model. */
@Injectable()
@QueryHandler(ListApiKeys)
export class ListApiKeysHandler implements IQueryHandler<ListApiKeys> {
  readonly #readModels: ReadModels;
  readonly #row;

  constructor(readModels: ReadModels, uses: ApiKeyUses) {
    this.#readModels = readModels;
    this.#row = listRow<ListApiKeys, ApiKeyView>({
      on: ListApiKeys,
      projection: 'api-keys',
      authorize: (principal, { organizationId }) => mayRead(principal, organizationId),
      where: ({ organizationId, role }) => ({ organizationId, role }),
      sort: { name: 'name', createdAt: 'createdAt' },
      items: async (views) => {
        const used = await uses.of(views.map(({ apiKeyId }) => apiKeyId));
        return views.map((view) => item(view, used.get(view.apiKeyId)));
      },
    });
  }

  execute(query: ListApiKeys): Promise<List<unknown> | Refusal> {
    return answerList(this.#row, query, this.#readModels);
  }
}
