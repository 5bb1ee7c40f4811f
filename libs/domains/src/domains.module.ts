import { mayManage, type Noun, rowsOf, systemOnly } from '#commands';
import { ChangeVerificationMethod, DeleteDomain, ReleaseDomainSlot } from './domain.commands.ts';
import { AddDomainHandler, absent, domainAnswer, VerifyDomainHandler } from './domain.handlers.ts';
import { domainHistory } from './domain.history.ts';
import { domain } from './domain.ts';
import { domainSlots } from './domain-slots.ts';
import { DomainsController } from './domains.http.ts';
import { domains } from './domains.projection.ts';
import { domainQueries } from './domains.queries.ts';
import { LookAlikes } from './look-alikes.ts';
import { VerifiedDomains } from './verified-domains.ts';
import { whenDomainDeletedReleaseItsSlot } from './when-domain-deleted-release-its-slot.policy.ts';

const id = ({ domainId }: { domainId: string }) => domainId;

const domainRow = rowsOf(domain);
const domainSlotsRow = rowsOf(domainSlots);

export const domainsNoun: Noun = {
  name: 'domains',
  catalogue: domainHistory,
  commands: [ReleaseDomainSlot],
  controllers: [DomainsController],
  providers: [VerifiedDomains, LookAlikes, AddDomainHandler, VerifyDomainHandler, ...domainQueries],
  projections: [domains],
  policies: [whenDomainDeletedReleaseItsSlot],
  rows: [
    domainRow({
      on: ChangeVerificationMethod,
      id,
      authorize: (principal, state, { organizationId }) =>
        absent(state, organizationId) ?? mayManage(principal, organizationId),
      command: ({ method }) => ({ type: 'ChangeVerificationMethod', method }),
      answer: domainAnswer,
    }),
    domainRow({
      on: DeleteDomain,
      id,
      authorize: (principal, state, { organizationId }) =>
        absent(state, organizationId) ?? mayManage(principal, organizationId),
      command: ({ acknowledgements }) => ({ type: 'DeleteDomain', acknowledgements }),
    }),
    domainSlotsRow({
      on: ReleaseDomainSlot,
      id: ({ organizationId }) => organizationId,
      authorize: systemOnly,
      command: ({ organizationId, domainId }) => ({ type: 'ReleaseDomainSlot', organizationId, domainId }),
    }),
  ],
};
