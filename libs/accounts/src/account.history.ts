import type { Catalogue } from '#kernel';
import type { AccountEvent } from './account.events.ts';
import type { AccountAdditionEvent } from './account-addition.ts';
import type { AccountSlotEvent } from './account-slots.ts';

const owner = { ownerEmail: 'ownerId', ownerGivenName: 'ownerId', ownerFamilyName: 'ownerId' };
const person = { email: 'userId', givenName: 'userId', familyName: 'userId' };
const status = (previous: string, updated: string) => [{ field: 'status', previous, updated }];

export const accountHistory: Catalogue<
  AccountEvent['type'] | AccountAdditionEvent['type'] | AccountSlotEvent['type']
> = {
  AccountCreated: {
    version: 2,
    upcast: [(created) => ({ ...created, ownerEmail: '', ownerGivenName: '', ownerFamilyName: '' })],
    summary: 'An account was created.',
    personal: owner,
  },
  AccountRenamed: {
    version: 2,
    upcast: [(renamed) => ({ ...renamed, sharedWith: [] })],
    summary: 'An account was renamed.',
  },
  AccountTwoFactorRequirementChanged: {
    summary: 'Whether an account requires two-factor sign-in was changed.',
  },
  AccountAttached: { summary: 'An account came into the organization.' },
  AccountAccessCarriedOver: {
    summary: 'Access to an account came into the organization with it.',
    personal: person,
    technical: true,
  },
  AccountDetached: { summary: 'An account left the organization.' },
  AccountShared: { summary: 'An independent account was shared with an organization.' },
  IndependentAccessRelinquished: { summary: 'Access to an independent account was relinquished.' },
  AccountOwnershipTransferred: { summary: 'The Owner of an account changed.', personal: owner },
  AccountAccessGranted: { summary: 'Access to an account was granted.', personal: person },
  AccountRolesChanged: { summary: "A person's roles on an account were changed." },
  AccountAccessRevoked: { summary: "A person's access to an account was ended." },
  AccountUserUpdated: {
    summary: 'An account was told of the new name or address of somebody with access.',
    personal: person,
  },
  AccountSuspended: { summary: 'An account was suspended.', changes: status('active', 'suspended') },
  AccountReactivated: { summary: 'An account was reactivated.', changes: status('suspended', 'active') },
  AccountSlotReserved: { summary: 'A place for an account was taken.', technical: true },
  AccountAdditionRequested: { summary: 'An account that exists already was asked for.' },
  AccountAdditionConfirmed: {
    summary: 'The owner of an account agreed to its addition.',
    changes: status('pending', 'confirmed'),
  },
  AccountAdditionReverted: {
    summary: 'A confirmed addition of an account could not take effect.',
    changes: status('confirmed', 'reverted'),
  },
  AccountAdditionDeclined: {
    summary: 'The owner of an account declined its addition.',
    changes: status('pending', 'declined'),
  },
  AccountAdditionExpired: {
    summary: 'The addition of an account was not answered in time.',
    changes: status('pending', 'expired'),
  },
  AccountAdditionWithdrawn: {
    summary: 'The organization that asked for an account was absorbed by another one.',
    changes: status('pending', 'withdrawn'),
  },
  AccountClosureRequested: { summary: 'The closure of an account was requested.' },
  AccountClosed: { summary: 'An account was closed.', changes: status('pending_closure', 'closed') },
};
