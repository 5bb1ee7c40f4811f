import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type FollowOn, isRefusal, type RecordedEvent } from '#kernel';
import {
  commandIdFor,
  type Envelope,
  enclose,
  fingerprintOf,
  namedUuid,
  type OrgledgerCommand,
  type Outcome,
  type Principal,
  type Receipt,
  systemPrincipal,
} from './envelope.ts';

/** What a request says beside its body. */
export interface Call {
  readonly principal: Principal;
  readonly idempotencyKey?: string;
  readonly ifMatch?: number;
  readonly dryRun: boolean;
  readonly source: 'web' | 'api' | 'system';
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
}

/** The follow-on effects of a command, as far as somebody waits for them. */
export abstract class Effects {
  /** True when an answer must wait for what policies make of such an event. */
  abstract awaited(eventType: string): boolean;
  /** Waits at most 2 s; `settled` is false when the effects are still under way then. */
  abstract settle(position: number, correlationId: string): Promise<{ position: number; settled: boolean }>;
}

export type CommandClass = new () => OrgledgerCommand;

/** Every command class by its name, so that policies can name what they issue. */
export class CommandClasses {
  readonly #classes: ReadonlyMap<string, CommandClass>;

  constructor(classes: readonly CommandClass[]) {
    this.#classes = new Map(classes.map((commandClass) => [commandClass.name, commandClass]));
  }

  make(name: string, fields: object): OrgledgerCommand {
    const commandClass = this.#classes.get(name);
    if (!commandClass) throw new Error(`no command is called ${name}`);
    return Object.assign(new commandClass(), fields);
  }
}

/** The front door: encloses a command in its envelope, puts it on the bus, waits for its effects. */
@Injectable()
export class Commands {
  readonly #bus: CommandBus;
  readonly #effects: Effects;
  readonly #classes: CommandClasses;
  readonly #inFlight = new Set<string>();

  constructor(bus: CommandBus, effects: Effects, classes: CommandClasses) {
    this.#bus = bus;
    this.#effects = effects;
    this.#classes = classes;
  }

  /** A caller's command; `target` holds what the path names. */
  async send<C extends OrgledgerCommand>(command: C, target: Partial<C>, call: Call): Promise<Outcome> {
    Object.assign(command, target);
    const commandId = commandIdFor(call.principal, call.idempotencyKey, call.sourceIp);
    if (call.idempotencyKey === undefined)
      return this.#settled(command, envelopeFor(command, call, commandId));
    if (this.#inFlight.has(commandId)) return stillRunning;
    this.#inFlight.add(commandId);
    try {
      return await this.#settled(command, envelopeFor(command, call, commandId));
    } finally {
      this.#inFlight.delete(commandId);
    }
  }

  async #settled(command: OrgledgerCommand, envelope: Envelope): Promise<Outcome> {
    const outcome = await this.#bus.execute(enclose(command, envelope));
    if (isRefusal(outcome) || !isReceipt(outcome)) return outcome;
    if (!outcome.events.some(({ type }) => this.#effects.awaited(type))) return outcome;
    const { position, settled } = await this.#effects.settle(
      Number(outcome.position),
      envelope.correlationId,
    );
    const receipt = { ...outcome, position: String(position) };
    return settled ? receipt : { ...receipt, effects: 'pending' };
  }

  /** What a policy issues because of an event; the same event and policy give the same command id. */
  follow(followOn: FollowOn, cause: RecordedEvent, policy: string, index: number): Promise<Outcome> {
    const command = this.#classes.make(followOn.command, followOn.fields);
    return this.#bus.execute(
      enclose(command, {
        commandId: namedUuid(`${cause.id}/${policy}/${index}/${followOn.command}`),
        fingerprint: fingerprintOf(command),
        ifMatch: undefined,
        dryRun: false,
        principal: systemPrincipal,
        source: 'system',
        sourceIp: null,
        userAgent: null,
        correlationId: cause.metadata.correlationId,
        causationId: cause.id,
      }),
    );
  }
}

/** A command of the product's own that no event caused (mail results, timers); `name` makes its id repeatable. */
export const systemEnvelope = (command: OrgledgerCommand, name: string = randomUUID()): Envelope => {
  const commandId = namedUuid(name);
  return {
    commandId,
    fingerprint: fingerprintOf(command),
    ifMatch: undefined,
    dryRun: false,
    principal: systemPrincipal,
    source: 'system',
    sourceIp: null,
    userAgent: null,
    correlationId: commandId,
    causationId: null,
  };
};

const envelopeFor = (command: OrgledgerCommand, call: Call, commandId: string): Envelope => ({
  commandId,
  fingerprint: fingerprintOf(command),
  ifMatch: call.ifMatch,
  dryRun: call.dryRun,
  principal: call.principal,
  source: call.source,
  sourceIp: call.sourceIp,
  userAgent: call.userAgent,
  correlationId: commandId,
  causationId: null,
});

const isReceipt = (outcome: Outcome): outcome is Receipt => 'revision' in outcome;

const stillRunning = {
  refused: 'conflict',
  code: 'idempotency_key_in_use',
  detail: 'A command with this Idempotency-Key is still running.',
} as const;
