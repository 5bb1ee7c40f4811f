/** Codes of the sentences that somebody has read who removes a person from an organization (ACK-01). */
export const removal = [
  'removed_from_organization',
  'access_ends',
  'roles_end',
  'access_can_be_granted',
  'control_ends',
];

/** Who deletes a person (ACK-02). */
export const deletion = ['accounts_stay', 'access_ends', 'data_deleted', 'irreversible'];

/** Who closes an account. */
export const closure = ['account_closed', 'invitations_cancelled', 'not_reversible'];
