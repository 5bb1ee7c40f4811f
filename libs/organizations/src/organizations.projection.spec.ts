import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '#domains';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import type { OrganizationEvent } from './organization.ts';
import { type OrganizationView, organizations } from './organizations.projection.ts';

const created: OrganizationEvent = {
  type: 'OrganizationCreated',
  data: { organizationId: 'org_1', name: 'One', ownerId: 'usr_1', via: 'sign_up' },
};
const transferred = (ownerId: string, ownerDomain: string | null): OrganizationEvent => ({
  type: 'OrganizationOwnershipTransferred',
  data: {
    organizationId: 'org_1',
    ownerId,
    ownerDomain,
    previousOwnerId: 'usr_1',
    previousOwnerRole: 'administrator',
  },
});
const about = { organizationId: 'org_1', domainId: 'dom_1', domain: 'acme.com' };
const lapsed = (exemptOwnerId: string | null) =>
  ({ type: 'DomainValidationLapsed', data: { ...about, exemptOwnerId } }) as DomainEvent;
const verified = { type: 'DomainVerified', data: about } as DomainEvent;

const flagAfter = (...events: readonly (OrganizationEvent | DomainEvent)[]): boolean | undefined => {
  const recorded = recordedLog();
  let view: OrganizationView | undefined;
  for (const event of events) {
    const reaction = organizations.on[event.type as 'OrganizationCreated'];
    view = reaction?.to(view, recorded('organization-org_1', event) as never, 'org_1') ?? undefined;
  }
  return view?.ownerOnUnverifiedDomain;
};

describe('whether the Owner is on a domain that lapsed', () => {
  it.each([
    ['a lapse spared them', [lapsed('usr_1')], true],
    ['a lapse of another domain than theirs', [lapsed(null)], false],
    ['it was proved again', [lapsed('usr_1'), verified], false],
    [
      'whoever became the Owner after it is of another domain',
      [lapsed('usr_1'), transferred('usr_2', 'b.com')],
      false,
    ],
    [
      'whoever became the Owner after it is of that domain',
      [lapsed('usr_1'), transferred('usr_2', 'acme.com')],
      true,
    ],
    [
      'the same, and the Owner before was of another one',
      [lapsed(null), transferred('usr_2', 'acme.com')],
      true,
    ],
    ['they became the Owner before it', [transferred('usr_2', 'acme.com'), lapsed('usr_2')], true],
    [
      'an old log does not say of which domain they are',
      [lapsed('usr_1'), transferred('usr_2', null)],
      false,
    ],
  ])('AMB-05: %s', (_case, events, flag) => {
    expect(flagAfter(created, ...events)).toBe(flag);
  });
});
