import { Injectable } from '@nestjs/common';
import { Execution, type Principal } from '#commands';
import { organization } from '#organizations';
import { apiKey, works } from './api-key.ts';
import { ApiKeySecrets } from './api-key-secrets.ts';
import { ApiKeyUses } from './api-key-uses.ts';

/** Who a key is, with the rights of this moment: asked of its own stream, so that revoking it works at once. */
@Injectable()
export class ApiKeys {
  readonly #execution: Execution;
  readonly #secrets: ApiKeySecrets;
  readonly #uses: ApiKeyUses;

  constructor(execution: Execution, secrets: ApiKeySecrets, uses: ApiKeyUses) {
    this.#execution = execution;
    this.#secrets = secrets;
    this.#uses = uses;
  }

  async verify(secret: string): Promise<Principal | undefined> {
    const id = this.#secrets.read(secret);
    if (id === undefined) return undefined;
    const { state } = await this.#execution.load(apiKey, id);
    if (!works(state, this.#execution.now()) || !this.#secrets.matches(secret, state.tokenHash))
      return undefined;
    const { organizationId, role } = state;
    const { state: home } = await this.#execution.load(organization, organizationId);
    if (home.status !== 'open') return undefined;
    this.#uses.used(id);
    return {
      type: 'api_key',
      id,
      userId: null,
      organizationId,
      role,
      emailVerified: true,
      secondFactor: true,
    };
  }
}
