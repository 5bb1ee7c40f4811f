import { Injectable } from '@nestjs/common';
import { type Envelope, Execution, type Outcome } from '#commands';
import { isRefusal, type Refusal } from '#kernel';
import { type Claim, claim } from './claim.ts';

/** How long a claim counts although its holder does not exist yet: the time between two appends of one command. */
const GRACE_MS = 60_000;

/** `email-<keyed hash>`, `domain-<name>`, `invite-<keyed hash>`, `import-<domain name>`, `merge-<organization>`. */
export type ClaimName = `${'email' | 'domain' | 'invite' | 'import' | 'merge' | 'addition'}-${string}`;

/** `alive` has the last word on a holder; `unknown`: it has written nothing yet. */
export type Holder = 'alive' | 'dead' | 'unknown';

@Injectable()
export class Claims {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  async holder(name: ClaimName): Promise<Claim> {
    return (await this.#execution.load(named(name), idOf(name))).state;
  }

  /**
   * Makes `holder` the holder, taking over from one that is dead or never came to be.
   * @returns a refusal `claim_held` when somebody else holds it.
   */
  async reserve(
    name: ClaimName,
    request: {
      readonly holder: string;
      readonly organizationId: string | null;
      readonly judge: (holder: string) => Promise<Holder>;
      /** One's own is made new however young it is: its release may be under way. */
      readonly anew?: boolean;
    },
    envelope: Envelope,
  ): Promise<Refusal | undefined> {
    const current = await this.holder(name);
    if (current.holder === request.holder)
      return !request.anew && this.#age(current) <= GRACE_MS / 2
        ? undefined
        : this.#renewed(name, current, envelope);
    const insteadOf = await this.#abandoned(current, request.judge);
    const { holder, organizationId } = request;
    const outcome = await this.#execution.run(
      {
        decider: named(name),
        id: idOf(name),
        command: { type: 'ReserveClaim', holder, organizationId, insteadOf },
        ahead: true,
      },
      { ...envelope, ifMatch: undefined },
    );
    if (isRefusal(outcome) || envelope.dryRun) return isRefusal(outcome) ? outcome : undefined;
    const { holder: newest } = await this.holder(name);
    return newest === holder ? undefined : held(newest);
  }

  /** `before`: only what was reserved earlier than that. */
  release(name: ClaimName, holder: string, envelope: Envelope, before?: string): Promise<Outcome> {
    return this.#execution.run(
      { decider: named(name), id: idOf(name), command: { type: 'ReleaseClaim', holder, before } },
      { ...envelope, ifMatch: undefined },
    );
  }

  /** A reservation of our own that others might soon take for abandoned is made new, which stops them. */
  async #renewed(name: ClaimName, current: Claim, envelope: Envelope): Promise<Refusal | undefined> {
    if (envelope.dryRun) return undefined;
    const outcome = await this.#execution.run(
      {
        decider: named(name),
        id: idOf(name),
        command: { type: 'RenewClaim', holder: current.holder as string },
      },
      { ...envelope, ifMatch: undefined, commandId: `${envelope.commandId}/renewal/${current.reservedAt}` },
    );
    return isRefusal(outcome) ? outcome : undefined;
  }

  /** The reservation whose place may be taken; null when nobody holds one or somebody rightly does. */
  async #abandoned(
    current: Claim,
    judge: (holder: string) => Promise<Holder>,
  ): Promise<{ holder: string; reservedAt: string } | null> {
    const { holder, reservedAt } = current;
    if (holder === null) return null;
    const verdict = await judge(holder);
    const abandoned = verdict === 'dead' || (verdict === 'unknown' && this.#age(current) > GRACE_MS);
    return abandoned ? { holder, reservedAt } : null;
  }

  #age({ reservedAt }: Claim): number {
    return Date.parse(this.#execution.now()) - Date.parse(reservedAt);
  }
}

const held = (holder: string | null): Refusal => ({
  refused: 'conflict',
  code: 'claim_held',
  detail: 'Somebody else holds this.',
  members: { holder },
});

/** EventStoreDB's category ends at the first dash: `claim.email-…`. */
const named = (name: ClaimName) => ({ ...claim, category: `claim.${name.slice(0, name.indexOf('-'))}` });
const idOf = (name: ClaimName): string => name.slice(name.indexOf('-') + 1);
