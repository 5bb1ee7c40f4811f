import { describe, expect, it } from '@jest/globals';
import type { LogHead } from '#queries';
import type { ReadModels, WalkRequest, Where } from '#read-models';
import { Candidate } from './candidate.ts';

const belonging: Record<string, readonly object[]> = {
  users: [
    {
      organizationId: 'org_1',
      userId: 'usr_1',
      kind: 'managed',
      role: 'owner',
    },
    {
      organizationId: 'org_2',
      userId: 'usr_2',
      kind: 'managed',
      role: 'owner',
    },
  ],
  accounts: [
    {
      organizationId: 'org_1',
      accountId: 'acc_1',
      name: 'One',
      kind: 'managed',
      status: 'active',
      addition: null,
    },
    {
      organizationId: 'org_1',
      accountId: 'acc_4',
      name: 'Four',
      kind: 'managed',
      status: 'closed',
      addition: null,
    },
    { organizationId: 'org_1', accountId: 'acc_2', name: 'Two', kind: 'independent', addition: null },
    {
      organizationId: 'org_2',
      accountId: 'acc_3',
      name: 'Three',
      kind: 'pending',
      addition: { additionId: 'add_1' },
    },
  ],
  invitations: [{ organizationId: 'org_1', invitationId: 'inv_1' }],
  domains: [{ organizationId: 'org_2', domainId: 'dom_1', status: 'unvalidated' }],
  'api-keys': [{ organizationId: 'org_1', apiKeyId: 'key_1' }],
};

const none = Promise.resolve([]);
const theirs = (name: string, asked: Where[string]) =>
  (belonging[name] as { organizationId: string }[]).filter(({ organizationId }) =>
    (asked as { in: readonly string[] }).in.includes(organizationId),
  );

const candidateOver = (
  reach: (position: number) => Promise<void>,
  large: Promise<never[]> = none,
  counted: string[][] = [],
) => {
  let head = 0;
  const readModels = {
    reach,
    few: async (name: string, { organizationId }: Where) => theirs(name, organizationId),
    async *pages(name: string, { where }: WalkRequest) {
      yield await large;
      yield theirs(name, where.organizationId);
    },
    counters: async (name: string, scopes: readonly string[]) => {
      if (name === 'users') counted.push([...scopes]);
      return (scope: string) =>
        scope === 'org_large' && name === 'users'
          ? [{ values: { kind: 'managed', role: 'standard_user' }, n: 100_000, at: 1 }]
          : theirs(name, { in: scopes })
              .filter(({ organizationId }) => organizationId === scope)
              .map((values, at) => ({ values, n: 1, at }));
    },
  };
  const log = { head: async () => ++head };
  return new Candidate(readModels as unknown as ReadModels, log as unknown as LogHead);
};

describe('what belongs to organizations that may be absorbed', () => {
  it('MRG-04: each is told its own, whoever else is looked for at the same time', async () => {
    const candidate = candidateOver(async () => {});
    const [one, two] = await Promise.all(['org_1', 'org_2'].map((id) => candidate.of(id)));
    expect(one).toEqual({
      users: [{ userId: 'usr_1', role: 'owner' }],
      accountIds: ['acc_1', 'acc_4'],
      sharedAccountIds: ['acc_2'],
      additionIds: [],
      pendingInvitationIds: ['inv_1'],
      domainIds: [],
      hasVerifiedDomains: false,
      apiKeyIds: ['key_1'],
    });
    expect(two).toEqual({
      users: [{ userId: 'usr_2', role: 'owner' }],
      accountIds: [],
      sharedAccountIds: [],
      additionIds: ['add_1'],
      pendingInvitationIds: [],
      domainIds: ['dom_1'],
      hasVerifiedDomains: true,
      apiKeyIds: [],
    });
  });

  it('MRG-04: whoever asks while the read models are waited for is told of a later moment, and all of them of one', async () => {
    const waits: number[] = [];
    const candidate = candidateOver(async (position) => {
      waits.push(position);
      if (waits.length === 1) late = ['org_1', 'org_2', 'org_3'].map((id) => candidate.of(id));
    });
    let late: Promise<unknown>[] = [];
    await candidate.of('org_1');
    await Promise.all(late);
    expect([late.length, waits]).toEqual([3, [1, 2]]);
  });

  it('MRG-02: how much belongs to it, and whether it may be absorbed, is told by counters', async () => {
    const candidate = candidateOver(async () => {});
    const sizes = await Promise.all(['org_1', 'org_2', 'org_large'].map((id) => candidate.size(id)));
    expect(sizes).toEqual([
      {
        coming: { users: 1, accounts: 1 },
        managers: 1,
        accounts: 2,
        hasVerifiedDomains: false,
        state: '0/2',
        position: 2,
      },
      {
        coming: { users: 1, accounts: 0 },
        managers: 1,
        accounts: 0,
        hasVerifiedDomains: true,
        state: '0/0',
        position: 1,
      },
      {
        coming: { users: 100_000, accounts: 0 },
        managers: 0,
        accounts: 0,
        hasVerifiedDomains: false,
        state: '1/0',
        position: 1,
      },
    ]);
  });

  it('MRG-04: while a large one is read by turns, whoever asks for another is answered', async () => {
    const large = Promise.withResolvers<never[]>();
    const candidate = candidateOver(async () => {}, large.promise);
    let isRead = false;
    const read = candidate.of('org_large').then(() => {
      isRead = true;
    });
    const beside = await candidate.of('org_1');
    const behind = await candidate.of('org_2');
    expect([beside.users.length, behind.users.length, isRead]).toEqual([1, 1, false]);
    large.resolve([]);
    await read;
    expect(isRead).toBe(true);
  });

  it('MRG-04: one that was small when it was last looked at is read at once, a large one is counted every time', async () => {
    const counted: string[][] = [];
    const candidate = candidateOver(async () => {}, none, counted);
    await candidate.glance('org_1');
    for (let time = 0; time < 2; time += 1)
      await Promise.all(['org_1', 'org_2', 'org_large'].map((id) => candidate.of(id)));
    expect(counted).toEqual([['org_1'], ['org_2', 'org_large'], ['org_large']]);
  });

  it('a large one that cannot be read is told to whoever asked for it, and to nobody else', async () => {
    const unreadable = Promise.reject(new Error('behind'));
    unreadable.catch(() => {});
    const candidate = candidateOver(async () => {}, unreadable);
    const asked = await Promise.allSettled(['org_large', 'org_1'].map((id) => candidate.of(id)));
    expect(asked).toMatchObject([{ reason: { message: 'behind' } }, { status: 'fulfilled' }]);
  });

  it('whoever asks when they are behind is told so; the next one is looked for anew', async () => {
    let fails = true;
    const candidate = candidateOver(async () => {
      if (fails) throw new Error('behind');
    });
    await expect(candidate.of('org_1')).rejects.toThrow('behind');
    fails = false;
    expect((await candidate.of('org_1')).accountIds).toHaveLength(2);
  });
});
