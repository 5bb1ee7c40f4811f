import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.ts';
import { HttpConnection } from './http-connection.ts';

export const productArgs = ['--enable-source-maps', 'dist/apps/api/src/main.js'];

export const productEnv = (folder: string): NodeJS.ProcessEnv => ({
  PORT: '0',
  LOG_LEVEL: 'warn',
  ORGLEDGER_DATA_DIR: folder,
  ORGLEDGER_RATE_LIMITS: 'off',
  ORGLEDGER_PENDING_INVITATIONS: '1000000',
});

/** The product as it is deployed by default, in a process of its own; mail goes to the sandbox's mailbox. */
export const startProduct = (folder: string): Promise<Child> => Child.start(productArgs, productEnv(folder));

/** An owner with a verified address, signed in, whose organization has a verified domain. */
export interface Owner {
  readonly token: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly accountId: string;
  readonly domain: string;
}

export const password = 'a long quiet river 9';

/** By the same calls that a person makes: `owner` of a domain that they have not proved. */
export const signUp = async (url: string, domain: string): Promise<Owner> => {
  const anybody = await HttpConnection.open(url);
  const email = `owner@${domain}`;
  const signedUp = await anybody.json<{ userId: string; organizationId: string; accountId: string }>(
    'POST',
    '/v1/sign-ups',
    { email, password, givenName: 'Olga', familyName: 'Owner', organizationName: domain },
  );
  await anybody.json('POST', '/v1/email-verifications/complete', {
    token: await mailedToken(anybody, email),
  });
  const { token } = await anybody.json<{ token: string }>('POST', '/v1/sessions', { email, password });
  anybody.close();
  return { ...signedUp, token, domain };
};

/** The same, and the domain is proved. */
export const signUpOwner = async (url: string, domain: string): Promise<Owner> => {
  const signedUp = await signUp(url, domain);
  const owner = await HttpConnection.open(url, signedUp.token);
  await proveDomain(owner, signedUp.organizationId, domain);
  owner.close();
  return signedUp;
};

/** @returns its id */
export const proveDomain = async (
  owner: HttpConnection,
  organizationId: string,
  domain: string,
): Promise<string> => {
  const domains = `/v1/organizations/${organizationId}/domains`;
  const added = await owner.json<{ domainId: string; dnsRecord: { host: string; value: string } }>(
    'POST',
    domains,
    {
      domain,
      method: 'dns_txt',
    },
  );
  await owner.json('PUT', `/sandbox/dns/${added.dnsRecord.host}/TXT`, { values: [added.dnsRecord.value] });
  const { status } = await owner.json<{ status: string }>('POST', `${domains}/${added.domainId}/verify`, {});
  if (status !== 'verified') throw new Error(`the domain is ${status}`);
  return added.domainId;
};

/** @param kind of the mail; without it the newest of any */
export const mailedToken = async (connection: HttpConnection, to: string, kind?: string): Promise<string> => {
  for (let tries = 0; tries < 200; tries++) {
    const { items } = await connection.json<{ items: { links: string[] }[] }>(
      'GET',
      `/sandbox/mail?to=${to}${kind === undefined ? '' : `&kind=${kind}`}`,
    );
    const token = items[0]?.links[0]?.split('token=')[1];
    if (token) return token;
    await sleep(25);
  }
  throw new Error('the mail with the link did not come');
};

interface Report {
  readonly ready: boolean;
  readonly projections: readonly { readonly lag: number }[];
}

/** Waits until every read model shows the whole log. */
export const settled = async (url: string): Promise<void> => {
  const connection = await HttpConnection.open(url);
  for (let quiet = 0; quiet < 2; ) {
    const { status, text } = await connection.request('GET', '/health/ready');
    const { projections } = JSON.parse(text) as Report;
    const level = status === 200 && projections.every(({ lag }) => lag === 0);
    quiet = level ? quiet + 1 : 0;
    await sleep(50);
  }
  connection.close();
};

/** As many connections as workers, opened and used once. */
export const connections = async (url: string, count: number, token?: string): Promise<HttpConnection[]> => {
  const open = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(url, token)));
  await Promise.all(open.map((connection) => connection.request('GET', '/health/live')));
  return open;
};
