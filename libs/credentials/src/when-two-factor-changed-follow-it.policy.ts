import type { FollowOn, Policy } from '#kernel';
import type { CredentialEvent } from './credential.ts';

const follow = ({ data: { userId } }: { readonly data: { readonly userId: string } }): FollowOn[] => [
  { command: 'FollowTwoFactor', fields: { userId }, resource: { type: 'user', id: userId } },
];

export const whenTwoFactorChangedFollowIt: Policy<CredentialEvent> = {
  name: 'when-two-factor-changed-follow-it',
  on: {
    TwoFactorEnrolled: follow,
    TwoFactorDisabled: follow,
    TwoFactorReset: follow,
    RecoveryCodesRenewed: follow,
  },
};
