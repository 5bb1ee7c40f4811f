import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type OrganizationCommand, type OrganizationEvent, organization } from './organization.ts';

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

  it('an organization that does not exist can neither be renamed nor deleted', () => {
    given().when({ type: 'RenameOrganization', name: 'x' }).thenRefused('not_found');
    given().when({ type: 'RequestOrganizationDeletion' }).thenRefused('not_found');
  });

  it('belongs to the history of itself', () => {
    expect(organization.organizationOf(given(created).state())).toBe('org_1');
    expect(organization.organizationOf(given().state())).toBeNull();
  });
});
