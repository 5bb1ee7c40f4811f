import type { Policy } from '#kernel';
import type { UserEvent } from '#users';

/** Nobody asked them, and whoever signed up with the address may not be who has it. */
export const whenSomebodyUnprovedWasBroughtInAskForAProof: Policy<UserEvent> = {
  name: 'when-somebody-unproved-was-brought-in-ask-for-a-proof',
  on: {
    UserJoinedOrg: ({ data: { userId, via, emailVerified } }) =>
      emailVerified || (via !== 'import' && via !== 'merge')
        ? []
        : [{ command: 'AskForProof', fields: { userId }, resource: { type: 'user', id: userId } }],
  },
};
