import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type AccountCommand, type AccountEvent, account } from './account.ts';

const { given } = specify(account);
const now = '2026-03-01T10:00:00.000Z';

const create: AccountCommand = {
  type: 'CreateAccount',
  accountId: 'acc_1',
  organizationId: 'org_1',
  name: 'First account',
  ownerId: 'usr_1',
};
const created: AccountEvent = {
  type: 'AccountCreated',
  data: {
    accountId: 'acc_1',
    organizationId: 'org_1',
    name: 'First account',
    ownerId: 'usr_1',
    createdAt: now,
  },
};

describe('account', () => {
  it('ORG-04, ORG-08: is created inside the organization, owned by the person who signed up', () => {
    given().when(create, { now }).then(created);
  });

  it('ACC-02: creating it again writes nothing, also for another owner', () => {
    given(created).when(create).thenNothing();
    given(created)
      .when({ ...create, ownerId: 'usr_2' })
      .thenNothing();
  });

  it('ACC-09: is active once created', () => {
    expect(given(created).state()).toEqual({
      status: 'active',
      accountId: 'acc_1',
      organizationId: 'org_1',
      name: 'First account',
      ownerId: 'usr_1',
    });
  });

  it('is renamed, and the event tells the name before', () => {
    given(created)
      .when({ type: 'UpdateAccount', name: 'Billing' })
      .then({
        type: 'AccountRenamed',
        data: { accountId: 'acc_1', organizationId: 'org_1', name: 'Billing', previousName: 'First account' },
      });
  });

  it('renaming to the name it has writes nothing, also after a renaming', () => {
    given(created).when({ type: 'UpdateAccount', name: 'First account' }).thenNothing();
    given(created, {
      type: 'AccountRenamed',
      data: { accountId: 'acc_1', organizationId: 'org_1', name: 'Billing', previousName: 'First account' },
    })
      .when({ type: 'UpdateAccount', name: 'Billing' })
      .thenNothing();
  });

  it('one that does not exist cannot be renamed', () => {
    given().when({ type: 'UpdateAccount', name: 'x' }).thenRefused('not_found');
  });

  it('belongs to the history of its organization', () => {
    expect(account.organizationOf(given(created).state())).toBe('org_1');
    expect(account.organizationOf(given().state())).toBeNull();
  });
});
