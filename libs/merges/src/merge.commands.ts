import { OrgledgerCommand } from '#commands';
import { EmailAddress, OneOf } from '#http';
import type { AssignableRole, OrganizationRole } from '#kernel';
import type { Withdrawal } from './merge.ts';

/** MRG-03: invites the Owner of another organization; accepting merges it. */
export class RequestMerge extends OrgledgerCommand {
  organizationId!: string;
  @EmailAddress() candidateOwnerEmail!: string;
  @OneOf(['administrator', 'standard_user', 'owner']) role!: OrganizationRole;
}

/** The product's own: an invitation that merges was sent. */
export class NoteMergeOffer extends OrgledgerCommand {
  organizationId!: string;
  candidateOrganizationId!: string;
  candidateOwnerId!: string;
  role!: AssignableRole;
  invitationId!: string;
  requestedBy!: string;
}

/** The product's own: an invitation ended otherwise than by being accepted. */
export class WithdrawMerge extends OrgledgerCommand {
  invitationId!: string;
  reason!: Withdrawal;
}

/** The product's own: an invitation that merges was accepted. */
export class StartMerge extends OrgledgerCommand {
  organizationId!: string;
  candidateOrganizationId!: string;
  candidateOwnerId!: string;
  role!: AssignableRole;
  invitationId!: string;
}

/** The product's own: a merge has begun, or has not come to its end yet. */
export class ContinueMerge extends OrgledgerCommand {
  mergeId!: string;
}
