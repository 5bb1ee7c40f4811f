import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type OrganizationCommand, type OrganizationEvent, organization, roleIn } from './organization.ts';

const { given } = specify(organization);

const created: OrganizationEvent = {
  type: 'OrganizationCreated',
  data: { organizationId: 'org_1', name: 'Corporate', ownerId: 'usr_1', via: 'sign_up' },
};
const create: OrganizationCommand = {
  type: 'CreateOrganization',
  organizationId: 'org_1',
  name: 'Corporate',
  ownerId: 'usr_1',
  via: 'sign_up',
};

describe('organization', () => {
  it('ORG-02, ORG-04: is created with the person who signed up as its one Owner', () => {
    given().when(create).then(created);
    expect(given(created).state()).toEqual({
      status: 'open',
      organizationId: 'org_1',
      name: 'Corporate',
      ownerId: 'usr_1',
      signUpPolicy: 'invite_only',
      formerOwners: {},
    });
  });

  it('ORG-02: creating it again writes nothing, also for another Owner', () => {
    given(created).when(create).thenNothing();
    given(created)
      .when({ ...create, ownerId: 'usr_2' })
      .thenNothing();
  });

  it('ORG-10: is renamed, and the event tells the name before', () => {
    given(created)
      .when({ type: 'RenameOrganization', name: 'Corporate Ltd' })
      .then({
        type: 'OrganizationRenamed',
        data: { organizationId: 'org_1', name: 'Corporate Ltd', previousName: 'Corporate' },
      });
  });

  it('ORG-10: a second renaming tells the name between', () => {
    given(created, {
      type: 'OrganizationRenamed',
      data: { organizationId: 'org_1', name: 'Second', previousName: 'Corporate' },
    })
      .when({ type: 'RenameOrganization', name: 'Third' })
      .then({
        type: 'OrganizationRenamed',
        data: { organizationId: 'org_1', name: 'Third', previousName: 'Second' },
      });
  });

  it('ORG-10: renaming to the name it has writes nothing', () => {
    given(created).when({ type: 'RenameOrganization', name: 'Corporate' }).thenNothing();
  });

  it('AMB-01: deletion is refused, and the refusal names the merge', () => {
    const refusal = given(created)
      .when({ type: 'RequestOrganizationDeletion' })
      .thenRefused('organization_deletion_not_available');
    expect(refusal.refused).toBe('conflict');
    expect(refusal.detail).toContain('merged');
  });

  it('DOM-20: invites only, until another policy is set', () => {
    given(created)
      .when({ type: 'SetDomainSignupPolicy', policy: 'auto_join' })
      .then({
        type: 'DomainSignupPolicyChanged',
        data: { organizationId: 'org_1', policy: 'auto_join', previousPolicy: 'invite_only' },
      });
    given(created).when({ type: 'SetDomainSignupPolicy', policy: 'invite_only' }).thenNothing();
  });

  const transfer = (previousOwnerId: string, newOwnerId: string): OrganizationCommand => ({
    type: 'TransferOwnership',
    previousOwnerId,
    newOwnerId,
    newOwnerDomain: 'acme.com',
    previousOwnerRole: 'administrator',
  });
  const transferred = (ownerId: string, previousOwnerId: string): OrganizationEvent => ({
    type: 'OrganizationOwnershipTransferred',
    data: {
      organizationId: 'org_1',
      ownerId,
      ownerDomain: 'acme.com',
      previousOwnerId,
      previousOwnerRole: 'administrator',
    },
  });

  it('ORG-11, ORG-02: one event makes one Owner of another; only the Owner does it, and once', () => {
    given(created).when(transfer('usr_1', 'usr_2')).then(transferred('usr_2', 'usr_1'));
    given(created).when(transfer('usr_3', 'usr_2')).thenRefused('forbidden');
    given(created, transferred('usr_2', 'usr_1')).when(transfer('usr_1', 'usr_2')).thenNothing();
    given(created, transferred('usr_2', 'usr_1')).when(transfer('usr_1', 'usr_3')).thenRefused('forbidden');
  });

  it('ORG-02: at every moment exactly one of its people is the Owner, whatever their own streams still say', () => {
    const before = given(created).state();
    const after = given(created, transferred('usr_2', 'usr_1')).state();
    const back = given(created, transferred('usr_2', 'usr_1'), transferred('usr_1', 'usr_2')).state();
    expect([roleIn(before, 'usr_1', 'owner'), roleIn(before, 'usr_2', 'standard_user')]).toEqual([
      'owner',
      'standard_user',
    ]);
    expect([roleIn(after, 'usr_1', 'owner'), roleIn(after, 'usr_2', 'standard_user')]).toEqual([
      'administrator',
      'owner',
    ]);
    expect([roleIn(back, 'usr_1', 'administrator'), roleIn(back, 'usr_2', 'owner')]).toEqual([
      'owner',
      'administrator',
    ]);
  });

  it('an organization that does not exist can neither be renamed nor deleted', () => {
    given().when({ type: 'RenameOrganization', name: 'x' }).thenRefused('not_found');
    given().when({ type: 'RequestOrganizationDeletion' }).thenRefused('not_found');
  });

  it('belongs to the history of itself', () => {
    expect(organization.organizationOf(given(created).state())).toBe('org_1');
    expect(organization.organizationOf(given().state())).toBeNull();
  });
});
