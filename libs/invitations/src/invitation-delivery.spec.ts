import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type DeliveryCommand, type DeliveryEvent, invitationDelivery } from './invitation-delivery.ts';

const { given } = specify(invitationDelivery);
const now = '2026-03-01T10:00:00.000Z';

const report = (generation: number, delivery: 'accepted' | 'deferred' | 'bounced'): DeliveryCommand => ({
  type: 'ReportInvitationMail',
  invitationId: 'inv_1',
  organizationId: 'org_1',
  userId: 'usr_2',
  generation,
  delivery,
});
const reported = (generation: number, delivery: 'accepted' | 'deferred' | 'bounced'): DeliveryEvent => ({
  type: 'InvitationMailReported',
  data: {
    invitationId: 'inv_1',
    organizationId: 'org_1',
    userId: 'usr_2',
    generation,
    delivery,
    reportedAt: now,
  },
});

describe('delivery of an invitation', () => {
  it('INV-12: what the mail server said is recorded, and what it says later', () => {
    given().when(report(1, 'deferred'), { now }).then(reported(1, 'deferred'));
    given(reported(1, 'deferred')).when(report(1, 'bounced'), { now }).then(reported(1, 'bounced'));
  });

  it('INV-12: the same report again writes nothing', () => {
    given(reported(1, 'accepted')).when(report(1, 'accepted')).thenNothing();
  });

  it('INV-05, INV-12: a late report on an earlier mail writes nothing, the newer mail has its own', () => {
    given(reported(2, 'accepted')).when(report(1, 'bounced')).thenNothing();
    given(reported(1, 'accepted')).when(report(2, 'accepted'), { now }).then(reported(2, 'accepted'));
  });

  it('belongs to the history of the organization that invited', () => {
    expect(invitationDelivery.organizationOf(given(reported(1, 'accepted')).state())).toBe('org_1');
  });
});
