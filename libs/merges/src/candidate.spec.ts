import { describe, expect, it } from '@jest/globals';
import type { LogHead } from '#queries';
import type { ReadModels, WalkRequest } from '#read-models';
import { Candidate } from './candidate.ts';

const belonging: Record<string, readonly object[]> = {
  users: [
    {
      organizationId: 'org_1',
      userId: 'usr_1',
      role: 'owner',
      email: 'a@one.example',
      domain: 'one.example',
    },
    {
      organizationId: 'org_2',
      userId: 'usr_2',
      role: 'owner',
      email: 'b@two.example',
      domain: 'two.example',
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

const candidateOver = (reach: (position: number) => Promise<void>) => {
  let head = 0;
  const readModels = {
    reach,
    async *pages(name: string, { where }: WalkRequest) {
      const { in: asked } = where.organizationId as { in: readonly string[] };
      yield (belonging[name] as { organizationId: string }[]).filter((one) =>
        asked.includes(one.organizationId),
      );
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
      users: [{ userId: 'usr_1', role: 'owner', email: 'a@one.example', domain: 'one.example' }],
      accounts: [
        { accountId: 'acc_1', name: 'One' },
        { accountId: 'acc_4', name: 'Four' },
      ],
      coming: { users: 1, accounts: 1 },
      sharedAccountIds: ['acc_2'],
      additionIds: [],
      pendingInvitationIds: ['inv_1'],
      domainIds: [],
      hasVerifiedDomains: false,
      apiKeyIds: ['key_1'],
    });
    expect(two).toEqual({
      users: [{ userId: 'usr_2', role: 'owner', email: 'b@two.example', domain: 'two.example' }],
      accounts: [],
      coming: { users: 1, accounts: 0 },
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

  it('whoever asks when they are behind is told so; the next one is looked for anew', async () => {
    let fails = true;
    const candidate = candidateOver(async () => {
      if (fails) throw new Error('behind');
    });
    await expect(candidate.of('org_1')).rejects.toThrow('behind');
    fails = false;
    expect((await candidate.of('org_1')).accounts).toHaveLength(2);
  });
});
