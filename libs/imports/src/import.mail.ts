import { aboutOf, fullName, importNoticeText, type MailKind } from '#mail';
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
