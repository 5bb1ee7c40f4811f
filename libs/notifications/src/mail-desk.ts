import { Injectable } from '@nestjs/common';
import { Execution } from '#commands';
import type { Decider, Event } from '#kernel';
import { type Addressee, fullName, link, linkPaths, type MailDesk, PublicUrl } from '#mail';
import { type LinkPurpose, LinkTokens } from '#tokens';
import { user } from '#users';

@Injectable()
export class Desk implements MailDesk {
  readonly #execution: Execution;
  readonly #tokens: LinkTokens;
  readonly #publicUrl: PublicUrl;

  constructor(execution: Execution, tokens: LinkTokens, publicUrl: PublicUrl) {
    this.#execution = execution;
    this.#tokens = tokens;
    this.#publicUrl = publicUrl;
  }

  load<State, E extends Event>(decider: Decider<State, never, E>, id: string) {
    return this.#execution.load(decider, id);
  }

  now(): string {
    return this.#execution.now();
  }

  link(purpose: LinkPurpose, id: string, generation: number): string {
    return link(this.#publicUrl.value, linkPaths[purpose], this.#tokens.issue(purpose, id, generation));
  }

  page(path: string): string {
    return link(this.#publicUrl.value, path);
  }

  async person(userId: string): Promise<Addressee | undefined> {
    const { state } = await this.#execution.load(user, userId);
    if (state.status !== 'active' && state.status !== 'deactivated') return undefined;
    const { email, membership } = state;
    const { organizationId = null, role = null } = membership ?? {};
    return { to: { name: fullName(state), address: email }, organizationId, role };
  }
}
