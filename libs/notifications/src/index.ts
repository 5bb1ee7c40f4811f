import type { Noun } from '#commands';
import { Desk } from './mail-desk.ts';
import {
  QueueMail,
  QueueMailHandler,
  QueueMailToManagers,
  QueueMailToManagersHandler,
} from './queue-mail.ts';

export { Desk } from './mail-desk.ts';
export { MailKinds } from './mail-kinds.ts';
export { MailBell, reportMail } from './queue-mail.ts';

export const notificationsNoun: Noun = {
  name: 'notifications',
  commands: [QueueMail, QueueMailToManagers],
  providers: [Desk, QueueMailHandler, QueueMailToManagersHandler],
};
