import { hash, randomUUID } from 'node:crypto';
import { Command } from '@nestjs/cqrs';
import { Together } from '#event-store';
import type { Actor, Refusal } from '#kernel';
import type { Role } from './rights.ts';

/** Who asks, with the rights of this moment. */
export interface Principal extends Actor {
  readonly userId: string | null;
  readonly organizationId: string | null;
  readonly role: Role | null;
  readonly emailVerified: boolean;
  /** True when a cookie proved it: the console, not a program. */
  readonly cookie?: boolean;
  readonly sessionId?: string;
  /** True: proved by two things, or by something that stands for them (a key, the customer's own provider). */
  readonly secondFactor?: boolean;
  /** True: a second factor is required and there is none; until it is set up nothing else is allowed (SEC-05). */
  readonly mustEnrol?: boolean;
}

/** The product itself, where a policy or a timer issues a command. */
export const systemPrincipal: Principal = {
  type: 'system',
  id: 'orgledger',
  userId: null,
  organizationId: null,
  role: null,
  emailVerified: true,
};

/** Somebody who has not signed in. */
export const anonymous: Principal = {
  type: 'user',
  id: 'anonymous',
  userId: null,
  organizationId: null,
  role: null,
  emailVerified: false,
};

/** What travels with a command. */
export interface Envelope {
  readonly commandId: string;
  /** Of a command that came with a key, to tell a repeat from another one; otherwise empty. */
  readonly fingerprint: string;
  /** Revision the caller expects (`If-Match`); a conflict is then not decided anew. */
  readonly ifMatch: number | undefined;
  readonly dryRun: boolean;
  readonly principal: Principal;
  readonly source: 'web' | 'api' | 'system';
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  readonly correlationId: string;
  readonly causationId: string | null;
  /** What the steps of one command append; absent: each step waits for the disk. */
  readonly together?: Together;
  /** True: others go on from it before it is on the disk; whoever issued it waits for `together`. */
  readonly ahead?: boolean;
}

/** Of a command that the product itself issues. */
export const systemEnvelope = (
  commandId: string,
  correlationId: string,
  causationId: string | null,
): Envelope => ({
  commandId,
  fingerprint: '',
  ifMatch: undefined,
  dryRun: false,
  principal: systemPrincipal,
  source: 'system',
  sourceIp: null,
  userAgent: null,
  correlationId,
  causationId,
  together: new Together(),
});

/** Which command's effects a receipt stands for; never serialised. */
export const correlation = Symbol('correlation');

/** False: nothing follows from it that an answer waits for; absent: the types of its events tell. Never serialised. */
export const awaited = Symbol('awaited');

/** The answer to a command (api.md, "Conventions"), with the fields of the command's own. */
export interface Receipt {
  readonly [correlation]?: string;
  readonly [awaited]?: boolean;
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly events: readonly { readonly id: string; readonly type: string }[];
  readonly effects?: 'pending';
  readonly [field: string]: unknown;
}

export interface DryRun {
  readonly dryRun: true;
  readonly events: readonly { readonly type: string; readonly stream: string; readonly data: object }[];
  readonly effects: readonly { readonly command: string; readonly resource: { type: string; id: string } }[];
  readonly [field: string]: unknown;
}

/** The dry run of what writes no event. */
export const nothingToForesee: DryRun = { dryRun: true, events: [], effects: [] };

/** A command of the product's own that writes no event. */
export interface Done {
  readonly done: true;
}

export type Outcome = Receipt | DryRun | Done | Refusal;

/** Base of every command class: the class is the request's body, the envelope travels where no reader of the body looks. */
export abstract class OrgledgerCommand extends Command<Outcome> {
  #envelope: Envelope | undefined;

  static enclose(command: OrgledgerCommand, envelope: Envelope): void {
    command.#envelope = envelope;
  }

  static envelopeOf(command: OrgledgerCommand): Envelope | undefined {
    return command.#envelope;
  }
}

export const enclose = <C extends OrgledgerCommand>(command: C, envelope: Envelope): C => {
  OrgledgerCommand.enclose(command, envelope);
  return command;
};

/** @throws when the command was not sent through `Commands`: a bug. */
export const envelopeOf = (command: OrgledgerCommand): Envelope => {
  const envelope = OrgledgerCommand.envelopeOf(command);
  if (!envelope) throw new Error(`${command.constructor.name} has no envelope`);
  return envelope;
};

const NAMESPACE = 'orgledger-ids-v1';

/** UUIDv7, by the machine's clock: what is made together lies together in every index. */
const timedUuid = (): string => {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};

/**
 * The same name gives the same id, so that a retry finds what it made, whatever caused it this time: a UUIDv5, or,
 * where it names what it comes `from` and that tells its time, one that tells the same (version 8).
 */
export const namedUuid = (name: string, from = ''): string =>
  named(name, tellsTime(from) && name.includes(from) ? from.slice(0, 13) : undefined);

/** The same for what is named after something (`usr_…`) whose id tells its time: it lies beside it in every index. */
export const namedBeside = (name: string, id: string): string => {
  const [, seconds, rest] = TIMED_ID.exec(id) ?? [];
  return named(name, name.includes(id) && seconds !== undefined ? `${seconds}-${rest}` : undefined);
};

const TIMED_ID = /^[a-z]{3}_([0-9a-f]{8})([0-9a-f]{4})8[0-9a-f]{19}$/;

const named = (name: string, time: string | undefined): string => {
  const hex = hash('sha1', NAMESPACE + name, 'hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
  const begins = time === undefined ? `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5` : `${time}-8`;
  return `${begins}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** Of a UUID; what else is named is none. */
const versionOf = (id: string): string | undefined => (id[8] === '-' && id[13] === '-' ? id[14] : undefined);

const tellsTime = (id: string): boolean => versionOf(id) === '7' || versionOf(id) === '8';

/** A command without a key was given a random id (version 7; earlier releases: 4): nobody can send that one again. */
export const isRepeatable = (commandId: string): boolean =>
  versionOf(commandId) !== '7' && versionOf(commandId) !== '4';

export type IdPrefix = 'org' | 'usr' | 'acc' | 'add' | 'dom' | 'inv' | 'key' | 'imp' | 'mrg';

/** The id of what a command makes, derived from the command's id. */
export const idFrom = (commandId: string, prefix: IdPrefix): string =>
  `${prefix}_${namedUuid(`${commandId}/${prefix}`, commandId).replaceAll('-', '')}`;

/** An `Idempotency-Key` belongs to its principal: the same key of somebody else is another command. */
export const commandIdFor = (
  principal: Principal,
  key: string | undefined,
  sourceIp: string | null,
): string =>
  key === undefined
    ? timedUuid()
    : namedUuid(
        JSON.stringify([principal.type, principal.id, principal.id === anonymous.id ? sourceIp : null, key]),
      );

/**
 * Tells one command from another without telling what was in it: a keyed hash over the canonical form (fields sorted,
 * absent ones left out), so that no password or token can be guessed from what the log keeps.
 */
export class Fingerprints {
  readonly #key: string;

  constructor(key: Buffer) {
    this.#key = key.toString('base64');
  }

  /** One call with the key on both sides: a third of what an HMAC object costs, for what never proves anything. */
  of(command: object): string {
    const text = JSON.stringify([command.constructor.name, canonical({ ...command })]);
    return hash('sha256', `${this.#key}${text}${this.#key}`, 'base64url');
  }
}

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, canonical(member)]),
  );
};
