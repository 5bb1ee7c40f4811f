import type { DnsServer } from '../servers/dns-server.ts';
import type { RunningSmtpServer } from '../servers/smtp-server.ts';
import type { Caller, Json } from '../support/caller.ts';
import type { ProductProcess } from './product.ts';
import type { Story } from './story.ts';

/** What every chapter has at hand. */
export interface Scene {
  readonly story: Story;
  readonly dns: DnsServer;
  readonly smtp: RunningSmtpServer;
  readonly product: ProductProcess;
  readonly folder: string;
  readonly nobody: Caller;
}

export interface Anna {
  readonly userId: string;
  readonly organizationId: string;
  readonly call: Caller;
  /** `/v1/organizations/{organizationId}`, the root of all paths of hers. */
  readonly home: string;
}

export const domain = 'northwind.example';
export const password = 'a long quiet river 9';

/** The n-th mail to somebody, and the token in its link. */
export const mailTo = async ({ smtp }: Scene, address: string, nth = 1) => {
  const mail = await smtp.waitFor(
    (message) => smtp.messages.filter(({ to }) => to === address).indexOf(message) === nth - 1,
  );
  const token = new URL(mail.links[0] ?? '').searchParams.get('token') ?? '';
  return { subject: mail.subject, token };
};

/** Asks again until it is so; at most 5 seconds. */
export const until = async (ask: () => Promise<Json>, isSo: (answer: Json) => boolean): Promise<Json> => {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const answer = await ask();
    if (isSo(answer) || performance.now() > deadline) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

export const people = (story: Story, list: Json): void =>
  story.table(
    ['e-mail', 'name', 'kind', 'role', 'accounts'],
    list.items.map((item: Json) => [
      item.email,
      `${item.givenName} ${item.familyName}`.trim(),
      item.kind,
      item.role,
      item.accounts,
    ]),
  );
