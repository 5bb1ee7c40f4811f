import type { Noun } from '#commands';
import { MailComposer } from './mail-composer.ts';
import { QueueMail, QueueMailHandler } from './queue-mail.ts';

export { MailComposer } from './mail-composer.ts';
export { MailBell, reportMail } from './queue-mail.ts';

export const notificationsNoun: Noun = {
  name: 'notifications',
  commands: [QueueMail],
  providers: [MailComposer, QueueMailHandler],
};
