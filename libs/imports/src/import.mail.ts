import { aboutOf, fullName, importNoticeText, letter, type MailKind, shown } from '#mail';
import { merge } from '#merges';
import { organization } from '#organizations';
import { user } from '#users';
import { organizationImport } from './import.ts';

/** IMP-02: what is going to happen to them. */
export const importNotice: MailKind = {
  kind: 'import_notice',

  async compose(entry, desk) {
    const { state } = await desk.load(organizationImport, aboutOf(entry));
    const { state: person } = await desk.load(user, String(entry.references?.userId));
    if (state.status === 'unknown' || person.status !== 'active') return undefined;
    const { state: home } = await desk.load(organization, state.organizationId);
    return {
      to: { name: fullName(person), address: person.email },
      ...importNoticeText({
        givenName: person.givenName,
        organizationName: home.status === 'open' ? home.name : '',
        link: desk.page('/'),
      }),
    };
  },
};

/** MRG-07: an Owner could not opt out; this says what has happened. */
export const organizationMergedMail: MailKind = {
  kind: 'organization_merged',

  async compose(entry, desk) {
    const { state } = await desk.load(merge, String(entry.references?.mergeId));
    const { state: person } = await desk.load(user, String(entry.references?.userId));
    if (state.status !== 'completed' || person.status !== 'active') return undefined;
    const nameOf = async (id: string): Promise<string> => {
      const { state: named } = await desk.load(organization, id);
      return named.status === 'unknown' ? '' : shown(named.name);
    };
    const own = await nameOf(state.candidateOrganizationId);
    const into = await nameOf(state.organizationId);
    return {
      to: { name: fullName(person), address: person.email },
      ...letter({
        subject: `${own} was merged into ${into}`,
        paragraphs: [
          `${['Hello', shown(person.givenName)].join(' ').trim()},`,
          `your e-mail address is of a domain of ${into}, which has imported your user. Your organization ${own} was merged into it and exists no longer; its users and accounts belong to ${into} now.`,
          'You and the Administrators of your organization are Standard Users of it. Your roles on accounts stay.',
        ],
        action: { label: 'See your user', link: desk.page('/') },
        after: [`If you have questions, ask the administrators of ${into}.`],
      }),
    };
  },
};
