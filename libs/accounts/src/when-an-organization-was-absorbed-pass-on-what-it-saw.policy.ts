import type { Policy } from '#kernel';
import type { OrganizationEvent } from '#organizations';

/** MRG-04, ACC-06: independent accounts that were shared with it are shared with who absorbed it. */
export const whenAnOrganizationWasAbsorbedPassOnWhatItSaw: Policy<OrganizationEvent> = {
  name: 'when-an-organization-was-absorbed-pass-on-what-it-saw',
  on: {
    OrganizationAbsorbed: ({ data: { organizationId, intoOrganizationId } }) => [
      {
        command: 'PassOnSharedAccounts',
        fields: { organizationId, intoOrganizationId },
        resource: { type: 'organization', id: organizationId },
      },
    ],
  },
};
