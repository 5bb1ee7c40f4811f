import { mayManage, type Principal } from '#commands';
import { forbidden, notFound, type Refusal } from '#kernel';
import type { ActiveUser, User } from '#users';

/** Where a person belongs, and so whose history tells of them. */
export const homeOf = ({ membership, founded }: ActiveUser): string | null =>
  membership?.organizationId ?? founded;

/** Rules.md 1.6: password and second factor of a managed user, those of the Owner by the Owner alone. */
export const helped = (principal: Principal, organizationId: string, person: User): ActiveUser | Refusal => {
  const refused = mayManage(principal, organizationId);
  if (refused) return refused;
  if (person.status !== 'active' || person.membership?.organizationId !== organizationId) return notFound;
  return person.membership.role === 'owner' && principal.userId !== person.userId ? forbidden : person;
};
