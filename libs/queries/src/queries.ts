import { Injectable } from '@nestjs/common';
import { Query, QueryBus } from '@nestjs/cqrs';
import type { Principal } from '#commands';
import { HttpProblem } from '#http';
import { notFound, type Refusal } from '#kernel';
import { type Condition, ReadModels } from '#read-models';

/** What a reading request says beside its query. */
export interface Reading {
  readonly principal: Principal;
  /** As of this position; undefined: now. */
  readonly at: number | undefined;
  /** What is read must show at least this position. */
  readonly atLeast: number;
  /** `asOf` as the caller sent it: what a cursor belongs to. */
  readonly asked: string | null;
  /** ISO time that the answer names. */
  readonly asOf: string;
}

/** What the conventions of api.md make of a request. */
export interface ReadCall {
  readonly principal?: Principal;
  readonly minPosition?: string;
  readonly asOf?: string;
}

/** Base of every query class: the class is the query string, what else a reader needs travels beside it. */
export abstract class OrgledgerQuery<Answer = unknown> extends Query<Answer | Refusal> {
  #reading: Reading | undefined;

  static read(query: OrgledgerQuery, reading: Reading): void {
    query.#reading = reading;
  }

  static readingOf(query: OrgledgerQuery): Reading {
    if (!query.#reading) throw new Error(`${query.constructor.name} was not asked through Queries`);
    return query.#reading;
  }
}

export const { readingOf } = OrgledgerQuery;

/** What a query is about: whose data, and in which read models it must be visible. */
export interface Target {
  readonly organizationId?: string;
  readonly [field: string]: unknown;
}

/** The newest position of the whole log, to tell a position that nobody has ever given out. */
export abstract class LogHead {
  abstract head(): Promise<number>;
}

const positionUnknown = () =>
  new HttpProblem(400, 'position_unknown', 'No answer has ever named this position.');

const newestFirst = { field: 'position', direction: -1 } as const;

/** The front door for reads: waits for the asked position, resolves `asOf`, puts the query on the bus. */
@Injectable()
export class Queries {
  readonly #bus: QueryBus;
  readonly #readModels: ReadModels;
  readonly #log: LogHead;
  readonly #now: () => string;

  constructor(bus: QueryBus, readModels: ReadModels, log: LogHead, now: () => string) {
    this.#bus = bus;
    this.#readModels = readModels;
    this.#log = log;
    this.#now = now;
  }

  async ask<Answer>(
    query: OrgledgerQuery<Answer>,
    target: Target,
    call: ReadCall,
  ): Promise<Answer | Refusal> {
    Object.assign(query, target);
    if (!call.principal) return notFound;
    const wanted = call.minPosition === undefined ? 0 : Number(call.minPosition);
    if (wanted > 0 && wanted > this.#readModels.position && wanted > (await this.#log.head()))
      throw positionUnknown();
    const now = this.#now();
    const moment =
      call.asOf === undefined
        ? { at: undefined, asOf: now }
        : await this.#moment(call.asOf, now, target.organizationId, call.principal);
    const atLeast = Math.max(wanted, moment.at ?? 0);
    OrgledgerQuery.read(query, { principal: call.principal, atLeast, asked: call.asOf ?? null, ...moment });
    return this.#bus.execute(query);
  }

  async #moment(
    asOf: string,
    now: string,
    organizationId: string | undefined,
    principal: Principal,
  ): Promise<{ at: number | undefined; asOf: string }> {
    const head = await this.#log.head();
    if (/^\d+$/.test(asOf)) {
      const at = Number(asOf);
      if (at > head) throw positionUnknown();
      await this.#readModels.reach(at, ['audit']);
      const home = organizationId ?? principal.organizationId;
      const last = home && (await this.#one({ organizationId: home, position: { upTo: at } }, newestFirst));
      return { at, asOf: last ? last.occurredAt : now };
    }
    const time = new Date(asOf).toISOString();
    if (time >= now) return { at: undefined, asOf: now };
    await this.#readModels.reach(head, ['audit']);
    const anywhere = await this.#before(time, undefined, head);
    if (organizationId === undefined) return { at: anywhere, asOf: time };
    // What others share with it moves by their events; of its own none is left out, whatever clock another process has.
    const here = await this.#before(time, organizationId, head);
    const newest = await this.#one({ organizationId, position: { upTo: here } }, newestFirst);
    return { at: Math.min(here, Math.max(anywhere, newest?.position ?? 0)), asOf: time };
  }

  /** Everything before the first thing that happened later; events of one command share their time. */
  async #before(time: string, organizationId: string | undefined, head: number): Promise<number> {
    const next = await this.#one(
      { organizationId, occurredAt: { after: time } },
      { field: 'occurredAt', direction: 1 },
    );
    if (!next) return head;
    const { occurredAt } = next;
    const first = await this.#one({ organizationId, occurredAt }, { field: 'position', direction: 1 });
    return Math.max(0, (first?.position ?? 1) - 1);
  }

  async #one(
    where: Readonly<Record<string, Condition | undefined>>,
    sort: { readonly field: 'position' | 'occurredAt'; readonly direction: 1 | -1 },
  ): Promise<{ position: number; occurredAt: string } | undefined> {
    const { items } = await this.#readModels.list<{ position: number; occurredAt: string }>('audit', {
      where,
      sort,
      limit: 1,
      totals: false,
    });
    return items[0];
  }
}
