import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type LimitsEvent, organizationLimits } from './organization-limits.ts';

const { given } = specify(organizationLimits);

const limited: LimitsEvent = {
  type: 'LimitsChanged',
  data: { organizationId: 'org_1', users: 10, accounts: null, previousUsers: null, previousAccounts: null },
};

describe('the limits of an organization', () => {
  it('USR-18, ACC-11: there are none until an operator sets one', () => {
    expect(given().state()).toEqual({ organizationId: null, users: null, accounts: null });
    given().when({ type: 'SetLimits', organizationId: 'org_1', users: 10 }).then(limited);
    given().when({ type: 'SetLimits', organizationId: 'org_1' }).thenNothing();
  });

  it('USR-18, ACC-11: one is set without touching the other, and null lifts it', () => {
    given(limited)
      .when({ type: 'SetLimits', organizationId: 'org_1', accounts: 5 })
      .then({
        type: 'LimitsChanged',
        data: { organizationId: 'org_1', users: 10, accounts: 5, previousUsers: 10, previousAccounts: null },
      });
    given(limited)
      .when({ type: 'SetLimits', organizationId: 'org_1', users: null })
      .then({
        type: 'LimitsChanged',
        data: {
          organizationId: 'org_1',
          users: null,
          accounts: null,
          previousUsers: 10,
          previousAccounts: null,
        },
      });
  });

  it('belong to the history of the organization', () => {
    expect(organizationLimits.organizationOf(given(limited).state())).toBe('org_1');
  });
});
