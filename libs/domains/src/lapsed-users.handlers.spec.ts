import { describe, expect, it } from '@jest/globals';
import { SpareTime } from '#clock';
import { type Commands, type Execution, enclose, type Outcome, systemEnvelope } from '#commands';
import { notFound, type Refusal, refuse } from '#kernel';
import type { LogHead } from '#queries';
import type { ListRequest, ReadModels } from '#read-models';
import { RemoveLapsedUsers } from './domain.commands.ts';
import { domainHistory } from './domain.history.ts';
import { RemoveLapsedUsersHandler } from './lapsed-users.handlers.ts';
import type { Managed } from './lapsed-users.ts';

const LAPSED_AT = 70;
const before = '2026-01-01T00:00:00.000Z';
const person = (userId: string, more: Partial<Managed> = {}): Managed => ({
  userId,
  kind: 'managed',
  domain: 'acme.com',
  role: 'standard_user',
  joinedAt: before,
  accountIds: [],
  ...more,
});

/** One step over people as they were when the domain lapsed and as they are now. */
const step = async (
  then: readonly Managed[],
  now: readonly Managed[],
  { refusals = {} }: { refusals?: Record<string, Refusal> } = {},
) => {
  const removed: { userId: string; id: string }[] = [];
  const asked: { asOf: number | undefined; by: string; after?: unknown }[] = [];
  let noted: unknown;
  const lapse = { position: LAPSED_AT, events: [{ id: 'lapse', type: 'DomainValidationLapsed' }] };
  const execution = {
    load: async () => ({
      state: { status: 'deleted', domain: 'acme.com' },
      traces: new Map([['the command that let it lapse', lapse]]),
    }),
    run: async ({ command }: { command: unknown }): Promise<Outcome> => {
      noted = command;
      return { done: true };
    },
  };
  const readModels = {
    reach: async () => undefined,
    get: async () => ({ name: '[erased] [erased] [erased]', joinedAt: before }),
    list: async (_name: string, { asOf, after, sort, limit }: ListRequest) => {
      asked.push({ asOf, by: sort.field, after });
      const from = then.findIndex(({ userId }) => `org_1:${userId}` === after?.[1]) + 1;
      const items = then.slice(from, from + limit);
      const isLast = from + limit >= then.length;
      return { items, next: isLast ? null : [before, `org_1:${items.at(-1)?.userId}`] };
    },
    many: async (_name: string, ids: readonly string[]) =>
      new Map(
        now.flatMap((one) => (ids.includes(`org_1:${one.userId}`) ? [[`org_1:${one.userId}`, one]] : [])),
      ),
  };
  const commands = {
    issue: async ({ fields }: { fields: { userId: string } }, id: string): Promise<Outcome> => {
      const refused = refusals[fields.userId];
      if (!refused) removed.push({ userId: fields.userId, id });
      return refused ?? { done: true };
    },
  };
  const handler = new RemoveLapsedUsersHandler(
    execution as unknown as Execution,
    commands as unknown as Commands,
    readModels as unknown as ReadModels,
    { head: async () => 100 } as unknown as LogHead,
    new SpareTime(),
  );
  const command = Object.assign(new RemoveLapsedUsers(), {
    domainId: 'dom_1',
    organizationId: 'org_1',
    lapseId: 'lapse',
    after: 'usr_0',
    remaining: then.length,
  });
  await handler.execute(enclose(command, systemEnvelope('step', 'step', null)));
  return { removed, asked, noted };
};

describe('removing the users of a lapsed domain', () => {
  const everybody = [person('usr_1'), person('usr_2')];

  it('DOM-15: whom it hits stands in the log at the position of the lapse, behind the last person of the step before, also when that one was erased', async () => {
    const { removed, asked } = await step(everybody, everybody);
    expect(asked).toEqual([{ asOf: LAPSED_AT, by: 'joinedAt', after: [before, 'org_1:usr_0'] }]);
    expect(removed).toEqual([
      { userId: 'usr_1', id: 'lapse/lapse/usr_1' },
      { userId: 'usr_2', id: 'lapse/lapse/usr_2' },
    ]);
  });

  it('DOM-15: whoever joined after the lapse, or came back after it, stays, whatever their clock said', async () => {
    const cameBack = person('usr_2', { joinedAt: '2025-12-31T00:00:00.000Z' });
    const came = person('usr_3', { joinedAt: '2025-12-31T00:00:00.000Z' });
    const { removed, noted } = await step(everybody, [person('usr_1'), cameBack, came]);
    expect(removed.map(({ userId }) => userId)).toEqual(['usr_1']);
    expect(noted).toMatchObject({ remaining: 0, hindered: false });
  });

  it('AMB-05: whoever became the Owner, left or has another address now is not removed', async () => {
    const then = [person('usr_1'), person('usr_2'), person('usr_3'), person('usr_4')];
    const now = [
      person('usr_1', { role: 'owner' }),
      person('usr_2', { domain: 'other.example' }),
      person('usr_3', { kind: 'independent', role: null, joinedAt: null }),
    ];
    const { removed, noted } = await step(then, now);
    expect(removed).toEqual([]);
    expect(noted).toMatchObject({ remaining: 0, hindered: false });
  });

  it('DOM-15: more are left: the next step begins behind the last one of this', async () => {
    const many = Array.from({ length: 503 }, (_, index) => person(`usr_${index + 1}`));
    const { noted, removed } = await step(many, many);
    expect(removed.map(({ userId }) => userId)).toEqual(many.slice(0, 500).map(({ userId }) => userId));
    expect(noted).toEqual({
      type: 'NoteRemoval',
      lapseId: 'lapse',
      hindered: false,
      after: 'usr_500',
      remaining: 3,
    });
  });

  it('DOM-15: with somebody who cannot go yet, this step is made again; whoever is gone for good hinders nobody', async () => {
    const busy = refuse('conflict', 'owner_not_removable', 'They are becoming the Owner.');
    const { removed, noted } = await step(everybody, everybody, { refusals: { usr_2: busy } });
    expect(removed.map(({ userId }) => userId)).toEqual(['usr_1']);
    expect(noted).toMatchObject({ after: 'usr_0', remaining: 2, hindered: true });
    const gone = await step(everybody, everybody, { refusals: { usr_2: notFound } });
    expect(gone.noted).toMatchObject({ remaining: 0, hindered: false });
  });

  it('DOM-15: a step of the log before there were places begins at the beginning', () => {
    const [raise] = domainHistory.DomainUsersRemoved.upcast ?? [];
    expect(raise?.({ lapseId: 'lapse', remaining: 4 })).toEqual({
      lapseId: 'lapse',
      remaining: 4,
      after: '',
    });
  });
});
