import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { RecentlyUsed } from '#cache';
import { Together } from '#event-store';
import { type FollowOn, isRefusal, type RecordedEvent } from '#kernel';
import {
  anonymous,
  awaited,
  commandIdFor,
  correlation,
  type Envelope,
  enclose,
  Fingerprints,
  namedUuid,
  type OrgledgerCommand,
  type Outcome,
  type Principal,
  type Receipt,
  systemEnvelope,
} from './envelope.ts';
import { keyReused } from './execution.ts';

/** What a request says beside its body. */
export interface Call {
  /** Absent: nobody has signed in. */
  readonly principal?: Principal;
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

/** What the log remembers of a command id, whichever stream it was about. */
export abstract class PastCommands {
  abstract fingerprintOf(commandId: string): Promise<string | undefined>;
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
  readonly #fingerprints: Fingerprints;
  readonly #past: PastCommands;
  readonly #onTrouble: (error: Error) => void;
  readonly #inFlight = new Set<string>();
  /** What the read model of past commands may not show yet. */
  readonly #recent = new RecentlyUsed<string, string>(10_000);

  constructor(
    bus: CommandBus,
    effects: Effects,
    classes: CommandClasses,
    fingerprints: Fingerprints,
    past: PastCommands,
    onTrouble: (error: Error) => void,
  ) {
    this.#bus = bus;
    this.#effects = effects;
    this.#classes = classes;
    this.#fingerprints = fingerprints;
    this.#past = past;
    this.#onTrouble = onTrouble;
  }

  /** A caller's command; `target` holds what the path names. */
  async send<C extends OrgledgerCommand>(command: C, target: Partial<C>, call: Call): Promise<Outcome> {
    Object.assign(command, target);
    const commandId = commandIdFor(call.principal ?? anonymous, call.idempotencyKey, call.sourceIp);
    if (call.idempotencyKey === undefined)
      return this.#settled(command, this.#envelope(command, call, commandId));
    if (this.#inFlight.has(commandId)) return stillRunning;
    this.#inFlight.add(commandId);
    try {
      const envelope = this.#envelope(command, call, commandId);
      const before = this.#recent.get(commandId) ?? (await this.#past.fingerprintOf(commandId));
      if (before !== undefined && before !== envelope.fingerprint) return keyReused;
      const outcome = await this.#settled(command, envelope);
      if (!isRefusal(outcome) && !envelope.dryRun) this.#recent.set(commandId, envelope.fingerprint);
      return outcome;
    } finally {
      this.#inFlight.delete(commandId);
    }
  }

  /** True when the caller's key stands for a command that was done already: its answer is owed whatever has changed. */
  async hasAnswered({ principal, idempotencyKey, sourceIp }: Call): Promise<boolean> {
    if (idempotencyKey === undefined) return false;
    const commandId = commandIdFor(principal ?? anonymous, idempotencyKey, sourceIp);
    return (
      this.#recent.get(commandId) !== undefined || (await this.#past.fingerprintOf(commandId)) !== undefined
    );
  }

  async #settled(command: OrgledgerCommand, envelope: Envelope): Promise<Outcome> {
    const outcome = await this.#execute(command, envelope);
    if (isRefusal(outcome) || !isReceipt(outcome)) return outcome;
    const waits = outcome[awaited] ?? outcome.events.some(({ type }) => this.#effects.awaited(type));
    if (!waits) return outcome;
    return this.#withEffects(outcome, outcome[correlation] || envelope.correlationId);
  }

  /** What a command has appended is on the disk before anybody learns that it worked. */
  async #execute(command: OrgledgerCommand, envelope: Envelope): Promise<Outcome> {
    const outcome = await this.#bus.execute(enclose(command, envelope));
    if (!isRefusal(outcome) && !envelope.ahead) await envelope.together?.onDisk;
    return outcome;
  }

  /** The command is in the log: whatever fails from here on, the answer is a receipt. */
  async #withEffects(receipt: Receipt, correlationId: string): Promise<Receipt> {
    try {
      const { position, settled } = await this.#effects.settle(Number(receipt.position), correlationId);
      if (settled) return { ...receipt, position: String(position) };
    } catch (error) {
      this.#onTrouble(error as Error);
    }
    return { ...receipt, effects: 'pending' };
  }

  /** What a policy issues because of an event; the same event and policy give the same command id. */
  follow(followOn: FollowOn, cause: RecordedEvent, policy: string, index: number): Promise<Outcome> {
    const command = this.#classes.make(followOn.command, followOn.fields);
    const commandId = namedUuid(`${cause.id}/${policy}/${index}/${followOn.command}`, cause.id);
    return this.#execute(command, systemEnvelope(commandId, cause.metadata.correlationId, cause.id));
  }

  /** A command of the product's own: a time has come, a mail server has spoken; `name` makes its id repeatable. */
  issue(
    followOn: Pick<FollowOn, 'command' | 'fields'>,
    name: string,
    causationId: string,
    correlationId?: string,
  ): Promise<Outcome> {
    const commandId = namedUuid(name, causationId);
    return this.enclosed(followOn, systemEnvelope(commandId, correlationId ?? commandId, causationId));
  }

  /** One of several steps that the product takes, in an envelope like theirs. */
  enclosed({ command, fields }: Pick<FollowOn, 'command' | 'fields'>, envelope: Envelope): Promise<Outcome> {
    return this.#execute(this.#classes.make(command, fields), envelope);
  }

  #envelope(command: OrgledgerCommand, call: Call, commandId: string): Envelope {
    return {
      commandId,
      fingerprint: call.idempotencyKey === undefined ? '' : this.#fingerprints.of(command),
      ifMatch: call.ifMatch,
      dryRun: call.dryRun,
      principal: call.principal ?? anonymous,
      source: call.source,
      sourceIp: call.sourceIp,
      userAgent: call.userAgent,
      correlationId: commandId,
      causationId: null,
      together: new Together(),
    };
  }
}

const isReceipt = (outcome: Outcome): outcome is Receipt => 'revision' in outcome;

const stillRunning = {
  refused: 'conflict',
  code: 'idempotency_key_in_use',
  detail: 'A command with this Idempotency-Key is still running.',
} as const;
