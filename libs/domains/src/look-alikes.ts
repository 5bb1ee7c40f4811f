import { Injectable } from '@nestjs/common';
import { skeleton } from '#dns-proof';
import { type Refusal, refuse } from '#kernel';
import { ReadModels } from '#read-models';

const imitation = refuse(
  'invalid',
  'domain_invalid',
  'This domain can be mistaken for one that belongs to another organization.',
);

/** P11: names that look like what another organization has verified. */
@Injectable()
export class LookAlikes {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  /** `name` as a lower-case A-label. */
  async refuses(organizationId: string, name: string): Promise<Refusal | undefined> {
    const { items } = await this.#readModels.list<{ organizationId: string; domain: string }>('domains', {
      where: { skeleton: skeleton(name), status: { in: ['verified', 'unvalidated'] } },
      sort: { field: 'domain', direction: 1 },
      limit: 100,
      totals: false,
    });
    return items.some((other) => other.domain !== name && other.organizationId !== organizationId)
      ? imitation
      : undefined;
  }
}
