/** A fact: a noun and a past participle, with what was true when it happened. */
export interface Event<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

export interface Actor {
  readonly type: 'user' | 'api_key' | 'system' | 'operator';
  readonly id: string;
}

/** What every event carries besides its data (rules.md 2.0, AUD-01). Times are ISO 8601 UTC with milliseconds. */
export interface EventMetadata {
  readonly commandId: string;
  /** Keyed hash of a command that came with a key; tells a repeated key from a reused one. Otherwise empty. */
  readonly fingerprint: string;
  readonly correlationId: string;
  /** Id of the event that caused this one; null for what a caller asked for. */
  readonly causationId: string | null;
  readonly actor: Actor;
  readonly source: 'web' | 'api' | 'system';
  /** Personal: encrypted under the actor's key in the log. */
  readonly sourceIp: string | null;
  /** Personal: encrypted under the actor's key in the log. */
  readonly userAgent: string | null;
  readonly organizationId: string | null;
  readonly schemaVersion: number;
  readonly occurredAt: string;
}

/** An event as the log answers it: upcast to its newest shape and readable. */
export interface RecordedEvent<E extends Event = Event> {
  readonly id: string;
  readonly stream: string;
  /** 0 for the first event of the stream. */
  readonly revision: number;
  /** Order in the whole log; only order and equality mean anything. */
  readonly position: number;
  readonly type: E['type'];
  readonly data: E['data'];
  readonly metadata: EventMetadata;
  /** Why this event cannot be interpreted (unknown type, broken data); its stream is then quarantined. */
  readonly unreadable?: string;
}
