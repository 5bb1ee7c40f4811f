import { daysAfter } from '#kernel';
import { aboutOf, instant, letter, type MailDesk, type MailKind, type QueuedMail, shown } from '#mail';
import { type Domain, domain } from './domain.ts';
import { GRACE_DAYS } from './domain.watch.ts';

type Known = Exclude<Domain, { status: 'unknown' }>;

/** To somebody who manages the organization now; whoever no longer does is told nothing. */
const toManager =
  (write: (state: Known, entry: QueuedMail) => ReturnType<typeof letter> | undefined): MailKind['compose'] =>
  async (entry: QueuedMail, desk: MailDesk) => {
    const { state } = await desk.load(domain, aboutOf(entry));
    const person = await desk.person(String(entry.references?.userId));
    if (state.status === 'unknown' || !person || person.organizationId !== state.organizationId)
      return undefined;
    if (person.role === 'standard_user') return undefined;
    const text = write(state, entry);
    return text && { to: person.to, ...text };
  };

export const domainMails: readonly MailKind[] = [
  {
    kind: 'domain_warning',
    compose: toManager((state) => {
      if (state.status !== 'unvalidated') return undefined;
      const name = shown(state.domain);
      return letter({
        subject: `The proof of ${name} is missing`,
        paragraphs: [
          'Hello,',
          `the proof that ${name} belongs to your organization has not been found since ${instant(state.unvalidatedSince)}. Until it is found again nobody with an address of ${name} can be added.`,
          `If it is still missing after ${instant(daysAfter(state.unvalidatedSince, GRACE_DAYS))}, the domain is deleted from your organization and every managed user with an address of ${name}, except its Owner, is removed; their accounts go to the Owner.`,
        ],
        after: [
          'Publish the record or the file as the page of the domain shows it. It is looked for every day, and at once when you choose to verify.',
        ],
      });
    }),
  },
  {
    kind: 'domain_lapsed',
    compose: toManager((state) => {
      const name = shown(state.domain);
      return letter({
        subject: `${name} was deleted from your organization`,
        paragraphs: [
          'Hello,',
          `the proof that ${name} belongs to your organization was missing for more than 30 days. The domain is deleted, its pending invitations are cancelled, and its managed users, except the Owner, are removed. Accounts that they owned belong to the Owner now.`,
        ],
        after: [
          'Nobody was deleted: these people can still sign in. When you add and verify the domain again, one command brings them back with the roles and the access that they had.',
        ],
      });
    }),
  },
  {
    kind: 'domain_expired',
    compose: toManager((state) => {
      if (state.status !== 'expired') return undefined;
      const name = shown(state.domain);
      return letter({
        subject: `${name} was not verified`,
        paragraphs: [
          'Hello,',
          `no proof that ${name} belongs to your organization was found within 30 days, so it is no longer looked for.`,
        ],
        after: ['You can add the domain again at any time.'],
      });
    }),
  },
];
