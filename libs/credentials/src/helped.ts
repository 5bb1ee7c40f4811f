import { mayManage, type Principal } from '#commands';
import { forbidden, notFound, type Refusal, refuse } from '#kernel';
import { type ActiveUser, isLiving, type User } from '#users';

/** Where a person belongs, and so whose history tells of them. */
export const homeOf = ({ membership, founded }: ActiveUser): string | null =>
  membership?.organizationId ?? founded;

const deactivated: Refusal = refuse(
  'conflict',
  'user_deactivated',
  'This person is deactivated; reactivate them first.',
);

/** Rules.md 1.6: password and second factor of a managed user, those of the Owner by the Owner alone. */
export const helped = (principal: Principal, organizationId: string, person: User): ActiveUser | Refusal => {
  const refused = mayManage(principal, organizationId);
  if (refused) return refused;
  if (!isLiving(person) || person.membership?.organizationId !== organizationId) return notFound;
  if (person.membership.role === 'owner' && principal.userId !== person.userId) return forbidden;
  return person.status === 'active' ? person : deactivated;
};
