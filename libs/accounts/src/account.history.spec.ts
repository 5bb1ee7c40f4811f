import { describe, expect, it } from '@jest/globals';
import type { CatalogueEntry } from '#kernel';
import { accountHistory } from './account.history.ts';
import { account } from './account.ts';

const raised = (type: keyof typeof accountHistory, data: object): object => {
  const { version, upcast = [] }: CatalogueEntry = accountHistory[type];
  expect(upcast.length).toBe((version ?? 1) - 1);
  return upcast.reduce((old, raise) => raise(old), data as Readonly<Record<string, unknown>>);
};

describe('accounts that were written before others had access to them', () => {
  it('ACC-02: have their Owner, shared with nobody', () => {
    const created = {
      accountId: 'acc_1',
      organizationId: 'org_1',
      name: 'First',
      ownerId: 'usr_1',
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    const unknown = { ownerEmail: '', ownerGivenName: '', ownerFamilyName: '' };
    const data = raised('AccountCreated', created);
    expect(data).toEqual({ ...created, ...unknown });
    expect(account.evolve(account.initial, { type: 'AccountCreated', data } as never)).toMatchObject({
      status: 'active',
      ownerId: 'usr_1',
      access: { usr_1: ['owner'] },
      sharedWith: [],
    });
    const renamed = { accountId: 'acc_1', organizationId: 'org_1', name: 'B', previousName: 'First' };
    expect(raised('AccountRenamed', renamed)).toEqual({ ...renamed, sharedWith: [] });
  });
});
