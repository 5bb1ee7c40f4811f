import { describe, expect, it } from '@jest/globals';
import { SpareTime } from '#clock';
import { type Commands, type Execution, enclose, type Outcome, systemEnvelope } from '#commands';
import type { LogHead } from '#queries';
import type { ReadModels } from '#read-models';
import { BringUsersBack, RestoreUsers } from './domain.commands.ts';
import type { Domain } from './domain.ts';
import type { RemovalView } from './removals.projection.ts';
import { BringUsersBackHandler, RestoreUsersHandler } from './restored-users.handlers.ts';

const named = { domainId: 'dom_1', organizationId: 'org_1', domain: 'acme.com' };
const kept = {
  ...named,
  method: 'dns_txt',
  token: 't',
  addedAt: '',
  missed: { reason: '', observed: [] },
} as const;
const verified = (restoring: boolean): Domain => ({ status: 'verified', ...kept, restoring });
const lapsed: Domain = { status: 'deleted', ...kept, removing: false };
const person = (userId: string, whereabouts: RemovalView['whereabouts']): RemovalView => ({
  userId,
  organizationId: 'org_1',
  domain: 'acme.com',
  email: `${userId}@acme.com`,
  role: 'standard_user',
  removedAt: '2026-01-01T00:00:00.000Z',
  whereabouts,
  access: [],
  owned: [],
});

/** A product that knows of one domain, of these people whom its lapse removed, and of this many who are away. */
const scene = (state: Domain, people: readonly RemovalView[], { away = 0, noted = false } = {}) => {
  const issued: string[] = [];
  const ran: unknown[] = [];
  const execution = {
    load: async () => ({ state, traces: new Map() }),
    repeated: async () => (noted ? { position: '9' } : undefined),
    run: async ({ command }: { command: unknown }): Promise<Outcome> => {
      ran.push(command);
      return { done: true };
    },
  };
  const readModels = {
    reach: async () => undefined,
    list: async () => ({ items: people, next: null }),
    count: async (_name: string, where: object) => ('whereabouts' in where ? away : people.length + away),
  };
  const commands = {
    issue: async ({ command }: { command: string }): Promise<Outcome> => {
      issued.push(command);
      return { done: true };
    },
  };
  const given = [
    execution as unknown as Execution,
    commands as unknown as Commands,
    readModels as unknown as ReadModels,
    { head: async () => 100 } as unknown as LogHead,
  ] as const;
  return { given, issued, ran };
};

const step = async (state: Domain, more?: { noted?: boolean }) => {
  const { given, issued, ran } = scene(state, [person('usr_1', 'away')], more);
  const command = Object.assign(new BringUsersBack(), { ...named, after: '' });
  await new BringUsersBackHandler(...given, new SpareTime()).execute(
    enclose(command, systemEnvelope('step', 'step', null)),
  );
  return { issued, ran };
};

describe('bringing back whom a lapse removed', () => {
  it('DOM-15: a step brings back whoever is away, and is noted', async () => {
    const { issued, ran } = await step(verified(true));
    expect(issued).toEqual(['JoinOrganization']);
    expect(ran).toEqual([{ type: 'NoteRestore', restored: 1, skipped: [], next: null }]);
  });

  it.each([
    ['the restore is over', verified(false), {}],
    ['the domain has lapsed again', lapsed, {}],
    ['the step is noted already', verified(true), { noted: true }],
  ])('DOM-15, P2: a step brings nobody back when %s', async (_case, state, more) => {
    expect(await step(state, more)).toEqual({ issued: [], ran: [] });
  });

  it('DOM-15: everybody who is away can be restored, even when all who are named are back', async () => {
    const back = Array.from({ length: 1_000 }, (_, n) => person(`usr_${n}`, 'back'));
    const { given, ran } = scene(verified(false), back, { away: 1_500 });
    const command = Object.assign(new RestoreUsers(), named);
    const outcome = await new RestoreUsersHandler(...given).execute(
      enclose(command, systemEnvelope('restore', 'restore', null)),
    );
    expect(outcome).toMatchObject({ usersTotal: 2_500 });
    expect(ran).toEqual([{ type: 'RestoreUsers', restorable: 1_500 }]);
  });
});
