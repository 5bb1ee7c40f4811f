import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, type Json } from '../support/caller.ts';
import { ProductProcess } from './product.ts';
import { password, people, type Scene, until } from './scene.ts';

const DAY = 86_400_000;
const domain = 'meadow.example';
const [greta, hugo] = [`greta@${domain}`, `hugo@${domain}`];

/** A second product, without servers: its own mailbox, zone and clock, which can be moved. */
export const thirtyOneDays = async ({ story }: Pick<Scene, 'story'>): Promise<void> => {
  story.chapter('31 days pass: a domain is lost, its people go, and come back');
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-tour-days-'));
  const product = new ProductProcess({ ORGLEDGER_DATA_DIR: folder });
  try {
    await product.start();
    await days(product, { story });
  } finally {
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

const days = async (product: ProductProcess, { story }: Pick<Scene, 'story'>): Promise<void> => {
  const nobody = new Caller(product);
  const mail = async (to: string, kind: string): Promise<Json> =>
    (
      await until(
        () => nobody.get(`/sandbox/mail?to=${to}&kind=${kind}`),
        ({ items }) => items.length > 0,
      )
    ).items;
  const tokenIn = ([{ links }]: Json): string => new URL(links[0]).searchParams.get('token') ?? '';
  const signedIn = async (email: string): Promise<Caller> =>
    nobody.as((await nobody.post('/v1/sessions', { email, password })).token);
  const advance = (count: number): Promise<Json> =>
    nobody.post('/sandbox/clock/advance', { milliseconds: count * DAY });

  const names = { givenName: 'Greta', familyName: 'Wolf', organizationName: 'Meadow' };
  const { organizationId } = await nobody.post('/v1/sign-ups', { email: greta, password, ...names });
  const home = `/v1/organizations/${organizationId}`;
  await nobody.post('/v1/email-verifications/complete', {
    token: tokenIn(await mail(greta, 'email_verification')),
  });
  let call = await signedIn(greta);
  const prove = async (): Promise<Json> => {
    const added = await call.post(`${home}/domains`, { domain, method: 'dns_txt' });
    await nobody.put(`/sandbox/dns/${added.dnsRecord.host}/TXT`, { values: [added.dnsRecord.value] });
    return { ...added, ...(await call.post(`${home}/domains/${added.domainId}/verify`)) };
  };
  const lost = await prove();
  await call.post(`${home}/invitations`, { email: hugo, role: 'administrator' });
  const joined = await nobody.post('/v1/invitations/accept', {
    token: tokenIn(await mail(hugo, 'invitation')),
    password,
    givenName: 'Hugo',
    familyName: 'Lind',
  });
  const { accountId } = await (await signedIn(hugo)).post(`${home}/accounts`, { name: 'Hugos account' });

  await nobody.expecting([204], 'DELETE', `/sandbox/dns/${lost.dnsRecord.host}/TXT`);
  await advance(1);
  call = await signedIn(greta);
  const shown = await call.get(`${home}/domains/${lost.domainId}`);
  story.check('Somebody removed the record: a day later the proof is missed', shown.status, 'unvalidated');
  const { items: upcoming } = await call.get(`${home}/upcoming`);
  story.table(
    ['what will happen', 'to', 'when', 'people'],
    upcoming.map(({ kind, subject, dueAt, affects }: Json) => [kind, subject.name, dueAt, affects.users]),
  );
  const invite = { body: { email: `ida@${domain}`, role: 'standard_user' } };
  await call.refused(422, 'domain_unvalidated', 'POST', `${home}/invitations`, invite);
  story.check('Until it is found again nobody can be invited', true);

  await advance(30.1);
  call = await signedIn(greta);
  const { items } = await call.get(`${home}/audit-events?limit=200`);
  const told = new Set([
    'DomainRecheckFailed',
    'DomainLapseWarningSent',
    'DomainValidationLapsed',
    'UserRemovedFromOrg',
  ]);
  const history = items.toReversed().filter(({ type }: Json) => told.has(type));
  story.table(
    ['when', 'what', 'day'],
    history.map(({ occurredAt, type, data }: Json) => [occurredAt, type, data.day]),
  );
  story.check(
    'Greta was warned on days 1, 15, 25 and 29, and so was Hugo',
    [(await mail(greta, 'domain_warning')).length, (await mail(hugo, 'domain_warning')).length],
    [4, 4],
  );
  const removed = history.findLast(({ type }: Json) => type === 'UserRemovedFromOrg');
  const lapse = await call.get(`${home}/audit-events/${removed.causationId}`);
  const miss = await call.get(`${home}/audit-events/${lapse.causationId}`);
  story.check(
    'Why Hugo is gone: his removal ← the lapse ← the look that missed the record',
    [removed.type, lapse.type, miss.type],
    ['UserRemovedFromOrg', 'DomainValidationLapsed', 'DomainRecheckFailed'],
  );
  const account = await call.get(`/v1/accounts/${accountId}`);
  const organization = await call.get(home);
  story.check(
    'His account belongs to the Owner, who stays and is flagged',
    [account.ownerId, organization.ownerOnUnverifiedDomain],
    [organization.ownerId, true],
  );

  const again = await prove();
  const restore = `${home}/domains/${again.domainId}/restore-users`;
  const foreseen = await call.with({ prefer: 'dry-run' }).post(restore);
  story.check(
    'Proved again: a dry run says who would come back',
    foreseen.users.map(({ email, role, restorable }: Json) => [email, role, restorable]),
    [[hugo, 'administrator', true]],
  );
  const { position } = await call.post(restore);
  const back = await call.get(`${home}/users?kind=managed&minPosition=${position}`);
  people(story, back);
  story.check(
    'Hugo is back, with his role and his account',
    [
      back.items.find(({ email }: Json) => email === hugo)?.role,
      (await call.get(`/v1/accounts/${accountId}?minPosition=${position}`)).ownerId,
    ],
    ['administrator', joined.userId],
  );
  const why = await call.get(`${home}/users/${joined.userId}/explain?field=kind&minPosition=${position}`);
  story.check(
    'And the product explains why he is there',
    why.history[0].because.map(({ type }: Json) => type),
    ['UserJoinedOrg', 'DomainUsersRestoreRequested'],
  );
};
