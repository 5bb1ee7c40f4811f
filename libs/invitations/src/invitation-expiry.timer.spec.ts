import { describe, expect, it } from '@jest/globals';
import { recordedLog } from '../../../test/support/scripted-log.ts';
import { invitationExpiry } from './invitation-expiry.timer.ts';

const about = { invitationId: 'inv_1', organizationId: 'org_1', userId: 'usr_1' };
const told = (type: keyof typeof invitationExpiry.on, data: object = {}) =>
  invitationExpiry.on[type]?.(
    recordedLog()('invitation-inv_1', { type, data: { ...about, ...data } }) as never,
  );

describe('when an invitation expires', () => {
  it.each(['InviteSent', 'InviteResent'] as const)(
    'INV-04: %s sets it to the end of the newest link',
    (type) => {
      expect(told(type, { generation: 2, expiresAt: '2026-01-08T00:00:00.000Z' })).toEqual({
        key: 'inv_1',
        dueAt: '2026-01-08T00:00:00.000Z',
        organizationId: 'org_1',
        subject: { type: 'invitation', id: 'inv_1' },
        fields: { invitationId: 'inv_1', generation: 2 },
        affects: { users: 1 },
      });
    },
  );

  it.each(['InviteAccepted', 'InviteDeclined', 'InviteCancelled', 'InviteExpired'] as const)(
    'INV-04: %s calls it off',
    (type) => expect(told(type)).toEqual({ key: 'inv_1', dueAt: null }),
  );
});
