import { mayManage, type Noun, rowsOf, systemOnly } from '#commands';
import {
  BringUsersBack,
  ChangeVerificationMethod,
  ExpirePendingDomain,
  LapseDomain,
  RecheckDomain,
  ReleaseDomainSlot,
  RemindUnvalidatedDomain,
  RemoveLapsedUsers,
} from './domain.commands.ts';
import { AddDomainHandler, absent, domainAnswer, VerifyDomainHandler } from './domain.handlers.ts';
import { domainHistory } from './domain.history.ts';
import { domainMails } from './domain.mails.ts';
import { domain } from './domain.ts';
import { DeleteDomainHandler } from './domain-deletion.handlers.ts';
import { domainSlots } from './domain-slots.ts';
import { LapseDomainHandler, RecheckDomainHandler } from './domain-watch.handlers.ts';
import {
  domainExpiry,
  domainLapse,
  domainRecheck,
  domainRemoval,
  domainRestore,
  domainWarning,
} from './domain-watch.timer.ts';
import { DomainsController } from './domains.http.ts';
import { domains } from './domains.projection.ts';
import { domainQueries } from './domains.queries.ts';
import { RemoveLapsedUsersHandler } from './lapsed-users.handlers.ts';
import { LookAlikes } from './look-alikes.ts';
import { Proving } from './proving.ts';
import { removals } from './removals.projection.ts';
import { BringUsersBackHandler, RestoreUsersHandler } from './restored-users.handlers.ts';
import { VerifiedDomains } from './verified-domains.ts';
import { whenDomainDeletedReleaseItsSlot } from './when-domain-deleted-release-its-slot.policy.ts';
import { whenDomainLapsesTellTheManagers } from './when-domain-lapses-tell-the-managers.policy.ts';

const id = ({ domainId }: { domainId: string }) => domainId;

const domainRow = rowsOf(domain);
const domainSlotsRow = rowsOf(domainSlots);

export const domainsNoun: Noun = {
  name: 'domains',
  catalogue: domainHistory,
  commands: [
    ReleaseDomainSlot,
    RecheckDomain,
    RemindUnvalidatedDomain,
    LapseDomain,
    ExpirePendingDomain,
    RemoveLapsedUsers,
    BringUsersBack,
  ],
  controllers: [DomainsController],
  providers: [
    VerifiedDomains,
    LookAlikes,
    Proving,
    AddDomainHandler,
    VerifyDomainHandler,
    DeleteDomainHandler,
    RecheckDomainHandler,
    LapseDomainHandler,
    RemoveLapsedUsersHandler,
    RestoreUsersHandler,
    BringUsersBackHandler,
    ...domainQueries,
  ],
  projections: [domains, removals],
  policies: [whenDomainDeletedReleaseItsSlot, whenDomainLapsesTellTheManagers],
  timers: [domainRecheck, domainWarning, domainLapse, domainExpiry, domainRemoval, domainRestore],
  mails: domainMails,
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
      on: RemindUnvalidatedDomain,
      id,
      authorize: systemOnly,
      command: () => ({ type: 'RemindUnvalidatedDomain' }),
    }),
    domainRow({
      on: ExpirePendingDomain,
      id,
      authorize: systemOnly,
      command: () => ({ type: 'ExpirePendingDomain' }),
    }),
    domainSlotsRow({
      on: ReleaseDomainSlot,
      id: ({ organizationId }) => organizationId,
      authorize: systemOnly,
      command: ({ organizationId, domainId }) => ({ type: 'ReleaseDomainSlot', organizationId, domainId }),
    }),
  ],
};
