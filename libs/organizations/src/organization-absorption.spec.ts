import { describe, it } from '@jest/globals';
import { specify } from '#kernel';
import { type OrganizationEvent, organization } from './organization.ts';

const organizationId = 'org_1';
const about = { organizationId, mergeId: 'mrg_1', intoOrganizationId: 'org_2' };
const created: OrganizationEvent = {
  type: 'OrganizationCreated',
  data: { organizationId, name: 'One', ownerId: 'usr_1', via: 'sign_up' },
};
const started: OrganizationEvent = { type: 'OrganizationMergeStarted', data: about };
const aborted: OrganizationEvent = { type: 'OrganizationMergeAborted', data: about };
const absorbed: OrganizationEvent = {
  type: 'OrganizationAbsorbed',
  data: { ...about, absorbedAt: '2026-01-01T00:00:00.000Z' },
};
const begin = (mergeId = 'mrg_1') =>
  ({ type: 'BeginAbsorption', mergeId, intoOrganizationId: 'org_2' }) as const;
const abort = { type: 'AbortAbsorption', mergeId: 'mrg_1' } as const;
const complete = { type: 'CompleteAbsorption', mergeId: 'mrg_1' } as const;

const { given } = specify(organization);

describe('an organization that is absorbed', () => {
  it('MRG-04: is locked by one merge, which may be aborted, and ends in it', () => {
    given(created).when(begin()).then(started);
    given(created, started).when(begin()).thenNothing();
    given(created, started).when(begin('mrg_2')).thenRefused('organization_merging');
    given(created, started).when(abort).then(aborted);
    given(created, started, aborted)
      .when(begin('mrg_2'))
      .then({
        type: 'OrganizationMergeStarted',
        data: { ...about, mergeId: 'mrg_2' },
      });
    given(created, started).when(complete).then(absorbed);
  });

  it('MRG-04: the end happens once, by the merge that began it, and there is no way back', () => {
    given(created).when(complete).thenNothing();
    given(created, started)
      .when({ ...complete, mergeId: 'mrg_2' })
      .thenNothing();
    given(created, started, absorbed).when(complete).thenNothing();
    given(created, started, absorbed).when(abort).thenNothing();
    given(created, started, absorbed).when(begin('mrg_2')).thenRefused('organization_absorbed');
  });

  it('P17: nothing else happens to it meanwhile, and nothing at all afterwards; the refusal names the successor', () => {
    for (const command of [
      { type: 'RenameOrganization', name: 'Two' },
      { type: 'SetDomainSignupPolicy', policy: 'outside' },
      {
        type: 'TransferOwnership',
        previousOwnerId: 'usr_1',
        newOwnerId: 'usr_2',
        newOwnerDomain: 'acme.com',
        previousOwnerRole: 'standard_user',
      },
      { type: 'RequestOrganizationDeletion' },
    ] as const) {
      given(created, started).when(command).thenRefused('organization_merging');
      const refused = given(created, started, absorbed).when(command).thenRefused('organization_absorbed');
      if (refused.members?.successorId !== 'org_2') throw new Error('the successor is not named');
    }
    const create = {
      type: 'CreateOrganization',
      organizationId,
      name: 'X',
      ownerId: 'usr_1',
      via: 'sign_up',
    } as const;
    given(created, started, absorbed).when(create).thenNothing();
  });
});
