import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { removalFromAccount } from './account.access.ts';
import type { AccountEvent, AccountUser } from './account.events.ts';
import { relinquishment } from './account.home.ts';
import { accountClosure } from './account.standing.ts';
import { type Account, type AccountCommand, account } from './account.ts';

const { given } = specify(account);
const now = '2026-03-01T10:00:00.000Z';

const person = (n: number): AccountUser => ({
  userId: `usr_${n}`,
  email: `p${n}@corporate.example`,
  domain: 'corporate.example',
  givenName: `P${n}`,
  familyName: 'Ray',
});
const asOwner = (n: number) => ({
  ownerId: `usr_${n}`,
  ownerEmail: `p${n}@corporate.example`,
  ownerGivenName: `P${n}`,
  ownerFamilyName: 'Ray',
});
const about = { accountId: 'acc_1', organizationId: 'org_1', sharedWith: [] };
const outside = { ...about, organizationId: null };
const cause = { type: 'user_removed_from_organization', id: 'usr_1' };

const create: AccountCommand = {
  type: 'CreateAccount',
  accountId: 'acc_1',
  organizationId: 'org_1',
  name: 'First account',
  owner: person(1),
};
const created: AccountEvent = {
  type: 'AccountCreated',
  data: { accountId: 'acc_1', organizationId: 'org_1', name: 'First account', createdAt: now, ...asOwner(1) },
};
const grant = (n: number, ...roles: ('administrator' | 'developer' | 'support')[]): AccountCommand => ({
  type: 'GrantAccountAccess',
  user: person(n),
  roles,
  invitationId: null,
});
const granted = (n: number, ...roles: ('administrator' | 'developer' | 'support')[]): AccountEvent => ({
  type: 'AccountAccessGranted',
  data: { ...about, ...person(n), roles, invitationId: null, grantedAt: now },
});
const suspended: AccountEvent = { type: 'AccountSuspended', data: about };
const closing: AccountEvent = {
  type: 'AccountClosureRequested',
  data: { ...about, acknowledgements: accountClosure },
};
const closed: AccountEvent = { type: 'AccountClosed', data: about };
const detached: AccountEvent = {
  type: 'AccountDetached',
  data: { ...about, ownerId: 'usr_1', userIds: ['usr_1', 'usr_2'], cause },
};
const sharedWith = (organizationId: string): AccountEvent => ({
  type: 'AccountShared',
  data: {
    ...outside,
    withOrganizationId: organizationId,
    name: 'First account',
    ownerId: 'usr_1',
    userIds: ['usr_1', 'usr_2'],
    twoFactorRequired: false,
    status: 'active',
    createdAt: now,
    cause,
  },
});
const accessOf = (state: Account) => (state.status === 'unknown' ? {} : state.access);

describe('account', () => {
  it('ORG-04, ORG-08: is created inside the organization, with its one Owner', () => {
    given().when(create, { now }).then(created);
  });

  it('ACC-02: creating it again writes nothing, also for another owner', () => {
    given(created).when(create).thenNothing();
    given(created)
      .when({ ...create, owner: person(2) })
      .thenNothing();
  });

  it('ACC-09: is active once created, and its Owner has access', () => {
    expect(given(created).state()).toEqual({
      status: 'active',
      accountId: 'acc_1',
      organizationId: 'org_1',
      sharedWith: [],
      name: 'First account',
      ownerId: 'usr_1',
      twoFactorRequired: false,
      access: { usr_1: ['owner'] },
      cameFrom: [],
      createdAt: now,
    });
  });

  it('is renamed, and the event tells the name before; to the name it has writes nothing', () => {
    const renamed: AccountEvent = {
      type: 'AccountRenamed',
      data: { ...about, name: 'Billing', previousName: 'First account' },
    };
    given(created).when({ type: 'UpdateAccount', name: 'Billing' }).then(renamed);
    given(created).when({ type: 'UpdateAccount', name: 'First account' }).thenNothing();
    given(created, renamed).when({ type: 'UpdateAccount', name: 'Billing' }).thenNothing();
  });

  it('one that does not exist cannot be changed', () => {
    given().when({ type: 'UpdateAccount', name: 'x' }).thenRefused('not_found');
    given().when({ type: 'SuspendAccount' }).thenRefused('not_found');
    given().when(grant(2, 'support')).thenRefused('not_found');
  });

  it('ACC-12, SEC-05: may require two-factor sign-in, and no longer', () => {
    const changed = (required: boolean): AccountEvent => ({
      type: 'AccountTwoFactorRequirementChanged',
      data: { ...about, required, previousRequired: !required },
    });
    given(created).when({ type: 'RequireAccountTwoFactor', required: true }).then(changed(true));
    given(created, changed(true))
      .when({ type: 'RequireAccountTwoFactor', required: false })
      .then(changed(false));
    given(created).when({ type: 'RequireAccountTwoFactor', required: false }).thenNothing();
  });

  it('belongs to the history of its organization, and to none once it left', () => {
    expect(account.organizationOf(given(created).state())).toBe('org_1');
    expect(account.organizationOf(given(created, detached).state())).toBeNull();
    expect(account.organizationOf(given().state())).toBeNull();
  });
});

describe('the status of an account', () => {
  it('ACC-09: is suspended and reactivated; doing it twice writes nothing', () => {
    given(created).when({ type: 'SuspendAccount' }).then(suspended);
    given(created, suspended).when({ type: 'SuspendAccount' }).thenNothing();
    given(created, suspended)
      .when({ type: 'ReactivateAccount' })
      .then({ type: 'AccountReactivated', data: about });
    given(created).when({ type: 'ReactivateAccount' }).thenNothing();
  });

  it('ACC-10, ACK-04: is closed in two steps, with every acknowledgement', () => {
    const refusal = given(created)
      .when({ type: 'CloseAccount', acknowledgements: ['account_closed'] })
      .thenRefused('acknowledgements_required');
    expect(refusal.members).toEqual({ required: accountClosure });
    const acknowledgements = accountClosure.map(({ code }) => code);
    given(created).when({ type: 'CloseAccount', acknowledgements }).then(closing);
    given(created, closing).when({ type: 'CloseAccount' }).thenNothing();
    given(created, closing).when({ type: 'FinishClosure' }).then(closed);
    given(created).when({ type: 'FinishClosure' }).thenNothing();
    given(created, closing, closed).when({ type: 'FinishClosure' }).thenNothing();
  });

  it.each([
    ['account_suspended', [created, suspended]],
    ['account_closed', [created, closing]],
    ['account_closed', [created, closing, closed]],
  ] as const)('ACC-09: nothing new begins: %s', (code, past) => {
    given(...past)
      .when({ type: 'UpdateAccount', name: 'x' })
      .thenRefused(code);
    given(...past)
      .when({ type: 'RequireAccountTwoFactor', required: true })
      .thenRefused(code);
    given(...past)
      .when(grant(2, 'support'))
      .thenRefused(code);
    given(...past)
      .when({ type: 'ChangeAccountRoles', userId: 'usr_2', roles: ['support'] })
      .thenRefused(code);
  });

  it('ACC-10: a closed account is neither suspended nor reactivated nor transferred by anybody', () => {
    given(created, closing, closed).when({ type: 'SuspendAccount' }).thenRefused('account_closed');
    given(created, closing, closed).when({ type: 'ReactivateAccount' }).thenRefused('account_closed');
    given(created, closing, closed)
      .when({ type: 'TransferAccountOwnership', to: person(2) })
      .thenRefused('account_closed');
  });
});

describe('the Owner of an account', () => {
  const transferred: AccountEvent = {
    type: 'AccountOwnershipTransferred',
    data: {
      ...about,
      ...asOwner(2),
      previousRoles: [],
      previousOwnerId: 'usr_1',
      previousOwnerRoles: ['administrator'],
      transferredAt: now,
      cause: null,
    },
  };

  it('ACC-02, ACC-07: changes in one event; the earlier Owner stays as Administrator', () => {
    given(created)
      .when({ type: 'TransferAccountOwnership', to: person(2) }, { now })
      .then(transferred);
    expect(accessOf(given(created, transferred).state())).toEqual({
      usr_1: ['administrator'],
      usr_2: ['owner'],
    });
    given(created, transferred)
      .when({ type: 'TransferAccountOwnership', to: person(2) })
      .thenNothing();
  });

  it('ACC-07: of an account without an organization cannot be changed', () => {
    given(created, detached)
      .when({ type: 'TransferAccountOwnership', to: person(2) })
      .thenRefused('account_not_managed');
  });

  it('AMB-06, USR-08: who leaves the organization leaves the account too, also a closed one', () => {
    const replace: AccountCommand = {
      type: 'ReplaceOwner',
      organizationId: 'org_1',
      from: 'usr_1',
      to: person(2),
      cause,
    };
    const replaced: AccountEvent = {
      type: 'AccountOwnershipTransferred',
      data: {
        ...about,
        ...asOwner(2),
        previousRoles: ['support'],
        previousOwnerId: 'usr_1',
        previousOwnerRoles: [],
        transferredAt: now,
        cause,
      },
    };
    given(created, granted(2, 'support'), closing, closed).when(replace, { now }).then(replaced);
    expect(accessOf(given(created, granted(2, 'support'), replaced).state())).toEqual({ usr_2: ['owner'] });
    given(created, replaced).when(replace).thenNothing();
    given(created, detached).when(replace).thenNothing();
    given(created)
      .when({ ...replace, from: 'usr_9' })
      .thenNothing();
  });

  it('ROL-13: cannot be removed from the account', () => {
    given(created)
      .when({ type: 'RemoveAccountUser', userId: 'usr_1', irreversible: false })
      .thenRefused('owner_not_removable');
    given(created)
      .when({ type: 'RevokeAccountAccess', organizationId: 'org_1', userId: 'usr_1', cause })
      .thenNothing();
  });

  it('ROL-04: is not made or unmade by roles', () => {
    given(created)
      .when({ type: 'ChangeAccountRoles', userId: 'usr_1', roles: ['support'] })
      .thenRefused('owner_role_by_transfer_only');
    given(created, granted(2, 'support'))
      .when({ type: 'ChangeAccountRoles', userId: 'usr_2', roles: ['owner'] })
      .thenRefused('owner_role_by_transfer_only');
    given(created)
      .when({ type: 'GrantAccountAccess', user: person(2), roles: ['owner'], invitationId: null })
      .thenRefused('owner_role_by_transfer_only');
  });
});

describe('access to an account', () => {
  it('ROL-05: is given with roles, which are kept in one order', () => {
    given(created)
      .when(grant(2, 'support', 'developer'), { now })
      .then(granted(2, 'developer', 'support'));
  });

  it('ROL-06, AMB-19: Administrator stands alone, no role at all is no set: refused, never trimmed', () => {
    for (const roles of [['administrator', 'developer'], [], ['support', 'support']] as const) {
      given(created)
        .when({ type: 'GrantAccountAccess', user: person(2), roles, invitationId: null })
        .thenRefused('role_combination_invalid');
      given(created, granted(2, 'support'))
        .when({ type: 'ChangeAccountRoles', userId: 'usr_2', roles })
        .thenRefused('role_combination_invalid');
    }
  });

  it('INV-02: who has it already is told so; who comes by an invitation keeps what they have', () => {
    given(created, granted(2, 'support')).when(grant(2, 'developer')).thenRefused('already_member');
    given(created, granted(2, 'support'))
      .when({ type: 'GrantAccountAccess', user: person(2), roles: ['developer'], invitationId: 'inv_1' })
      .thenNothing();
  });

  it('AMB-20: its roles change, the event tells those before; to the same set writes nothing', () => {
    given(created, granted(2, 'developer', 'support'))
      .when({ type: 'ChangeAccountRoles', userId: 'usr_2', roles: ['administrator'] })
      .then({
        type: 'AccountRolesChanged',
        data: {
          ...about,
          userId: 'usr_2',
          roles: ['administrator'],
          previousRoles: ['developer', 'support'],
        },
      });
    given(created, granted(2, 'developer', 'support'))
      .when({ type: 'ChangeAccountRoles', userId: 'usr_2', roles: ['support', 'developer'] })
      .thenNothing();
    given(created)
      .when({ type: 'ChangeAccountRoles', userId: 'usr_2', roles: ['support'] })
      .thenRefused('not_found');
  });

  it('ROL-07, ACK-07: taking Administrator away is confirmed', () => {
    const change = { type: 'ChangeAccountRoles', userId: 'usr_2', roles: ['support'] } as const;
    given(created, granted(2, 'administrator'))
      .when(change)
      .thenRefused('administrator_downgrade_unconfirmed');
    given(created, granted(2, 'administrator'))
      .when({ ...change, confirmAdministratorDowngrade: true })
      .then({
        type: 'AccountRolesChanged',
        data: { ...about, userId: 'usr_2', roles: ['support'], previousRoles: ['administrator'] },
      });
  });

  const revoked = (home: typeof about | typeof outside, acknowledgements: typeof removalFromAccount | []) =>
    ({
      type: 'AccountAccessRevoked',
      data: { ...home, userId: 'usr_2', previousRoles: ['support'], acknowledgements, cause: null },
    }) as const;

  it('USR-14: ends for one account; who has none is not there', () => {
    const remove = { type: 'RemoveAccountUser', userId: 'usr_2', irreversible: false } as const;
    given(created, granted(2, 'support')).when(remove).then(revoked(about, []));
    given(created).when(remove).thenRefused('not_found');
  });

  it('USR-11, ACK-03: on an independent account removal is permanent and acknowledged', () => {
    const remove = { type: 'RemoveAccountUser', userId: 'usr_2', irreversible: true } as const;
    const refusal = given(created, granted(2, 'support'), detached)
      .when(remove)
      .thenRefused('acknowledgements_required');
    expect(refusal.members).toEqual({
      required: [
        {
          code: 'permanently_removed_from_account',
          sentence: 'The user will be permanently removed from the account.',
        },
        { code: 'not_reversible', sentence: 'This action can not be reversed.' },
      ],
    });
    given(created, granted(2, 'support'), detached)
      .when({ ...remove, acknowledgements: removalFromAccount.map(({ code }) => code) })
      .then(revoked(outside, removalFromAccount));
  });

  it('AMB-24: ends with the membership in the organization, but not on an account that left it', () => {
    const revoke: AccountCommand = {
      type: 'RevokeAccountAccess',
      organizationId: 'org_1',
      userId: 'usr_2',
      cause,
    };
    given(created, granted(2, 'support'))
      .when(revoke)
      .then({
        type: 'AccountAccessRevoked',
        data: { ...about, userId: 'usr_2', previousRoles: ['support'], acknowledgements: [], cause },
      });
    given(created).when(revoke).thenNothing();
    given(created, granted(2, 'support'), detached).when(revoke).thenNothing();
  });

  it('MRG-04, USR-08: what is owed in an organization that was absorbed is owed where the account came to', () => {
    const there = { ...about, organizationId: 'org_2' };
    const cameAlong: AccountEvent = {
      type: 'AccountAttached',
      data: {
        ...there,
        previousOrganizationId: 'org_1',
        ownerId: 'usr_1',
        userIds: ['usr_1', 'usr_2'],
        cause: { type: 'merge', id: 'mrg_1' },
      },
    };
    const past = [created, granted(2, 'support'), cameAlong];
    const revoke = { type: 'RevokeAccountAccess', userId: 'usr_2', cause } as const;
    given(...past)
      .when({ ...revoke, organizationId: 'org_1' })
      .then({
        type: 'AccountAccessRevoked',
        data: { ...there, userId: 'usr_2', previousRoles: ['support'], acknowledgements: [], cause },
      });
    given(...past)
      .when({ ...revoke, organizationId: 'org_3' })
      .thenNothing();
    given(...past, {
      type: 'AccountDetached',
      data: { ...there, organizationId: null, ownerId: 'usr_1', userIds: [], cause },
    })
      .when({ ...revoke, organizationId: 'org_1' })
      .thenNothing();
  });
});

describe('where an account belongs', () => {
  const attach: AccountCommand = {
    type: 'AttachAccount',
    organizationId: 'org_2',
    from: null,
    ownerId: 'usr_1',
    users: [person(1), person(2)],
    cause: { type: 'owner_joined', id: 'usr_1' },
  };
  const there = { ...about, organizationId: 'org_2' };
  const attached: AccountEvent = {
    type: 'AccountAttached',
    data: {
      ...there,
      previousOrganizationId: null,
      ownerId: 'usr_1',
      userIds: ['usr_1', 'usr_2'],
      cause: { type: 'owner_joined', id: 'usr_1' },
    },
  };

  it('USR-09: it leaves the organization with its Owner; everybody keeps their access', () => {
    const detach = { type: 'DetachAccount', organizationId: 'org_1', ownerId: 'usr_1', cause } as const;
    given(created, granted(2, 'support')).when(detach).then(detached);
    given(created, granted(2, 'support'), detached).when(detach).thenNothing();
    given(created)
      .when({ ...detach, ownerId: 'usr_2' })
      .thenNothing();
    expect(accessOf(given(created, granted(2, 'support'), detached).state())).toEqual({
      usr_1: ['owner'],
      usr_2: ['support'],
    });
  });

  it('AMB-15, ORG-07: it comes into the organization that its Owner joins, with everybody who has access', () => {
    given(created, granted(2, 'support'), detached)
      .when(attach)
      .then(
        attached,
        { type: 'AccountAccessCarriedOver', data: { ...there, ...person(1), roles: ['owner'] } },
        { type: 'AccountAccessCarriedOver', data: { ...there, ...person(2), roles: ['support'] } },
      );
    given(created, granted(2, 'support'), detached, attached).when(attach).thenNothing();
    given(created, granted(2, 'support')).when(attach).thenNothing();
    given(created, detached)
      .when({ ...attach, ownerId: 'usr_2' })
      .thenNothing();
  });

  it('ACC-06: an independent one is shared with an organization, once, and is no longer when it is attached there', () => {
    const share = { type: 'ShareAccount', organizationId: 'org_2', ownerId: 'usr_1', cause } as const;
    const past = [created, granted(2, 'support'), detached];
    given(...past)
      .when(share)
      .then(sharedWith('org_2'));
    given(...past, sharedWith('org_2'))
      .when(share)
      .thenNothing();
    given(...past)
      .when({ ...share, ownerId: 'usr_2' })
      .thenRefused('not_found');
    const [first] = given(...past, sharedWith('org_2')).when(attach).decision as readonly AccountEvent[];
    expect(first).toEqual(attached);
  });

  it('ACC-06: the organization relinquishes it, and its people lose their access; the Owner never does', () => {
    const relinquish = {
      type: 'RelinquishIndependentAccount',
      organizationId: 'org_2',
      userIds: ['usr_1', 'usr_2', 'usr_9'],
    } as const;
    const past = [created, granted(2, 'support'), detached, sharedWith('org_2')];
    given(...past)
      .when(relinquish)
      .thenRefused('acknowledgements_required');
    const relinquished: AccountEvent = {
      type: 'IndependentAccessRelinquished',
      data: {
        ...outside,
        sharedWith: ['org_2'],
        relinquishedBy: 'org_2',
        userIds: ['usr_2'],
        remainingUserIds: ['usr_1'],
        acknowledgements: relinquishment,
      },
    };
    given(...past)
      .when({ ...relinquish, acknowledgements: relinquishment.map(({ code }) => code) })
      .then(relinquished);
    expect(given(...past, relinquished).state()).toMatchObject({
      sharedWith: [],
      access: { usr_1: ['owner'] },
    });
    given(...past, relinquished)
      .when(relinquish)
      .thenRefused('not_found');
  });

  it('MRG-04, ACC-06: what an absorbed organization saw of it, the one that absorbed it sees, unless it does already', () => {
    const pass = { type: 'PassOnShare', organizationId: 'org_2', intoOrganizationId: 'org_3' } as const;
    const past = [created, granted(2, 'support'), detached, sharedWith('org_2')];
    const left = (...shared: string[]): AccountEvent => ({
      type: 'IndependentAccessRelinquished',
      data: {
        ...outside,
        sharedWith: shared,
        relinquishedBy: 'org_2',
        userIds: [],
        remainingUserIds: ['usr_1', 'usr_2'],
        acknowledgements: [],
      },
    });
    const passed: AccountEvent = {
      type: 'AccountShared',
      data: { ...sharedWith('org_3').data, cause: { type: 'organization_absorbed', id: 'org_2' } },
    } as AccountEvent;
    given(...past)
      .when(pass)
      .then(left('org_2'), passed);
    expect(given(...past, left('org_2'), passed).state()).toMatchObject({
      sharedWith: ['org_3'],
      access: { usr_1: ['owner'], usr_2: ['support'] },
    });
    given(...past, left('org_2'), passed)
      .when(pass)
      .thenNothing();
    given(...past, sharedWith('org_3'))
      .when(pass)
      .then(left('org_2', 'org_3'));
    given(...past, closing)
      .when(pass)
      .then(left('org_2'));
    given(created, granted(2, 'support'), sharedWith('org_2'))
      .when({ ...pass, intoOrganizationId: 'org_1' })
      .then({
        type: 'IndependentAccessRelinquished',
        data: { ...left('org_2').data, organizationId: 'org_1' },
      } as AccountEvent);
  });

  it('USR-02: it is told what somebody with access is called by now, and nothing of anybody else', () => {
    const user = { ...person(2), givenName: 'Robert' };
    given(created, granted(2, 'support'))
      .when({ type: 'UpdateAccountUser', user })
      .then({ type: 'AccountUserUpdated', data: { ...about, ...user } });
    given(created).when({ type: 'UpdateAccountUser', user }).thenNothing();
  });

  it.each(['email', 'givenName', 'familyName'] as const)(
    'USR-02: it is told another %s, and nothing that it knows',
    (other) => {
      const user = { ...person(2), [other]: 'another' };
      const told = given(created, granted(2, 'support'));
      told
        .when({ type: 'UpdateAccountUser', user, told: person(2) })
        .then({ type: 'AccountUserUpdated', data: { ...about, ...user } });
      told.when({ type: 'UpdateAccountUser', user, told: user }).thenNothing();
    },
  );
});
