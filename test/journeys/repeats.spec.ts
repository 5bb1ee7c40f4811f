import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rights } from '#commands';
import { permissions } from '#permissions';
import { codeAt } from '../support/authenticator.ts';
import type { Json, Sending } from '../support/caller.ts';
import { backends, type Person, Product, until } from '../support/product.ts';

/** Changes for which another right is needed than an Administrator's, or that are never made. */
const notHere: Readonly<Record<string, string>> = {
  'DELETE /v1/organizations/{organizationId}': 'always refused (AMB-01)',
  'POST /v1/organizations/{organizationId}/transfer-ownership': 'only the Owner; ownership.spec.ts',
  'POST /v1/organizations/{organizationId}/domains/{domainId}/restore-users': 'after a lapse; lapse.spec.ts',
  'POST /v1/account-additions/{additionId}/confirm': 'only the Owner of the account',
  'POST /v1/account-additions/{additionId}/decline': 'only the Owner of the account',
};

/** A change as it is sent first and again: the route, what its parameters are, what goes with it. */
interface Change {
  readonly name?: string;
  readonly route: string;
  readonly ids?: Readonly<Record<string, string>>;
  readonly sending?: Sending;
}

describe.each(backends)('commands that are sent again after the right was lost on $name', (backend) => {
  let product: Product;
  let anna: Person;
  /** Administrates the organization when the commands are sent first, and is nobody there when they are sent again. */
  let bob: Person;
  let olga: Person;
  let domain: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.signUp(`greta@${domain}`);
    await product.signUp(`ingo@${domain}`);
    await product.verifiedDomain(anna, domain);
    bob = await product.join(anna, `bob@${domain}`, 'administrator');
    olga = await product.signUp(`olga@${product.domain('elsewhere')}`);
    await product.operator.put(`/v1/operations/bulk-import/${anna.organizationId}`, { enabled: true });
  });
  afterAll(() => product.stop());

  const pathOf = ({ route, ids = {} }: Change): string =>
    route
      .slice(route.indexOf('/'))
      .replaceAll(
        /\{(\w+)\}/g,
        (_, name) => ids[name] ?? (name === 'organizationId' ? anna.organizationId : ''),
      );
  const methodOf = ({ route }: Change): string => route.slice(0, route.indexOf(' '));
  const acknowledged = async (change: Change, body: Json = {}): Promise<Change> => {
    const sending = { body };
    const { required } = await anna.call.refused(
      422,
      'acknowledgements_required',
      methodOf(change),
      pathOf(change),
      sending,
    );
    const acknowledgements = required.map(({ code }: Json) => code);
    return { ...change, sending: { body: { ...body, acknowledgements } } };
  };
  const O = '/v1/organizations/{organizationId}';
  const A = '/v1/accounts/{accountId}';
  const joined = (name: string): Promise<Person> => product.join(anna, `${name}@${domain}`);
  const accountOf = async (ownerId: string): Promise<string> =>
    (await anna.call.post(anna.path('/accounts'), { name: 'Of a member', ownerId })).accountId;
  const shared = async (email: string): Promise<string> => {
    const invitation = { email, roles: ['support'] };
    return (await anna.call.post(`/v1/accounts/${anna.accountId}/invitations`, invitation)).invitationId;
  };
  const domainCalled = async (name: string, proved = false): Promise<string> => {
    const body = { domain: product.domain(name), method: 'dns_txt' };
    const { domainId, dnsRecord } = await anna.call.post(anna.path('/domains'), body);
    if (proved) product.dns.set(dnsRecord.host, 'TXT', [dnsRecord.value]);
    return domainId;
  };
  const reported = async (importId: string): Promise<void> => {
    await until(
      () => anna.call.get(anna.path(`/imports/${importId}`)),
      ({ status }) => status === 'ready',
    );
  };
  const plain = (route: string, body?: Json, ids?: Change['ids']): Change => ({
    route,
    ids,
    sending: { body },
  });

  /** In the order in which they can be made. */
  async function* ofTheOrganization(): AsyncGenerator<Change> {
    yield plain(`PATCH ${O}`, { name: 'Renamed' });
    yield plain(`PUT ${O}/sign-up-policy`, { policy: 'outside' });
    yield plain(`POST ${O}/api-keys`, { name: 'Made', role: 'auditor' });
    const key = { name: 'To be revoked', role: 'auditor' };
    const { apiKeyId } = await anna.call.post(anna.path('/api-keys'), key);
    yield plain(`DELETE ${O}/api-keys/{apiKeyId}`, undefined, { apiKeyId });
    yield plain(`POST ${O}/invitations`, { email: `ida@${domain}`, role: 'standard_user' });
    const [again, never] = [
      await product.invite(anna, `rosa@${domain}`),
      await product.invite(anna, `cecil@${domain}`),
    ];
    yield plain(`POST ${O}/invitations/{invitationId}/resend`, undefined, again);
    yield plain(`POST ${O}/invitations/{invitationId}/cancel`, undefined, never);
    yield plain(`POST ${O}/merges`, { candidateOwnerEmail: `greta@${domain}`, role: 'standard_user' });
  }

  async function* ofPeople(): AsyncGenerator<Change> {
    const { userId, call } = await joined('ines');
    const { secret } = await call.post('/v1/me/two-factor', { method: 'totp' });
    await call.post('/v1/me/two-factor/confirm', { code: codeAt(secret, Date.now()) });
    const U = `${O}/users/{userId}`;
    const ids = { userId };
    yield plain(`PATCH ${U}`, { givenName: 'Inés', familyName: 'Ray' }, ids);
    yield plain(`PUT ${U}/role`, { role: 'administrator' }, ids);
    yield plain(`PUT ${U}/two-factor-requirement`, { required: true }, ids);
    yield plain(`PUT ${U}/email`, { email: `ines.ray@${domain}` }, ids);
    yield plain(`POST ${U}/reset-password`, undefined, ids);
    yield plain(`POST ${U}/reset-two-factor`, undefined, ids);
    yield plain(`POST ${U}/deactivate`, undefined, ids);
    yield plain(`POST ${U}/reactivate`, undefined, ids);
    yield acknowledged(plain(`POST ${U}/remove`, undefined, ids));
    yield acknowledged(plain(`POST ${U}/delete`, undefined, { userId: (await joined('delia')).userId }));
  }

  async function* ofAccounts(): AsyncGenerator<Change> {
    const [owen, dora] = [await joined('owen'), await joined('dora')];
    const accountId = await accountOf(owen.userId);
    const ids = { accountId };
    const asked = { accountId: olga.accountId, kind: 'independent' };
    const { additionId } = await anna.call.post(anna.path('/account-additions'), asked);
    await olga.call.post(`/v1/account-additions/${additionId}/confirm`);
    yield plain(`POST ${O}/accounts`, { name: 'New', ownerId: anna.userId });
    yield acknowledged(
      plain(`POST ${O}/accounts/{accountId}/relinquish`, undefined, { accountId: olga.accountId }),
    );
    yield plain(`POST ${O}/account-additions`, asked);
    yield plain(`PATCH ${A}`, { name: 'Renamed' }, ids);
    yield plain(`PUT ${A}/two-factor-requirement`, { required: true }, ids);
    yield plain(`PUT ${A}/users/{userId}/roles`, { roles: ['developer'] }, { ...ids, userId: dora.userId });
    yield plain(`POST ${A}/users/{userId}/remove`, undefined, { ...ids, userId: dora.userId });
    const far = product.domain('far');
    const inviting = { accountId: anna.accountId };
    yield {
      name: 'by mail',
      ...plain(`POST ${A}/invitations`, { email: `zoe@${far}`, roles: ['support'] }, inviting),
    };
    yield {
      name: 'at once',
      ...plain(`POST ${A}/invitations`, { email: bob.email, roles: ['support'] }, inviting),
    };
    const [again, never] = [await shared(`rosa@${far}`), await shared(`cecil@${far}`)];
    yield plain(`POST ${A}/invitations/{invitationId}/resend`, undefined, {
      ...inviting,
      invitationId: again,
    });
    yield plain(`POST ${A}/invitations/{invitationId}/cancel`, undefined, {
      ...inviting,
      invitationId: never,
    });
    yield plain(`POST ${A}/transfer-ownership`, { newOwnerId: dora.userId }, ids);
    yield plain(`POST ${A}/suspend`, undefined, ids);
    yield plain(`POST ${A}/reactivate`, undefined, ids);
    yield acknowledged(plain(`POST ${A}/close`, undefined, ids));
  }

  async function* ofDomains(): AsyncGenerator<Change> {
    const D = `${O}/domains/{domainId}`;
    yield plain(`POST ${O}/domains`, { domain: product.domain('later'), method: 'dns_txt' });
    yield plain(`POST ${D}/verify`, undefined, { domainId: await domainCalled('proved', true) });
    const domainId = await domainCalled('changed');
    yield plain(`PUT ${D}/method`, { method: 'https_file' }, { domainId });
    yield acknowledged(plain(`POST ${D}/delete`, undefined, { domainId }));
  }

  async function* ofImports(): AsyncGenerator<Change> {
    const I = `${O}/imports/{importId}`;
    const [{ domainId }] = (await anna.call.get(anna.path(`/domains?search=${domain}`))).items;
    const request = { domainIds: [domainId] };
    yield plain(`POST ${O}/imports`, request);
    const { importId } = await anna.call.expecting([202], 'POST', anna.path('/imports'), request);
    await reported(importId);
    const ids = { importId };
    const { text } = await anna.call.send('GET', anna.path(`/imports/${importId}/report.csv`));
    const selection = { raw: text, headers: { 'content-type': 'text/csv' } };
    yield { route: `PUT ${I}/selection`, ids, sending: selection };
    yield plain(`POST ${I}/notify`, undefined, ids);
    yield acknowledged(plain(`POST ${I}/start`, undefined, ids));
  }

  async function* changes(): AsyncGenerator<Change> {
    yield* ofTheOrganization();
    yield* ofPeople();
    yield* ofAccounts();
    yield* ofDomains();
    yield* ofImports();
  }

  const send = (change: Change, key: string) =>
    bob.call.key(key).send(methodOf(change), pathOf(change), change.sending);

  it('P2: each answers its first receipt again, and is refused under another key', async () => {
    const sent: { name: string; change: Change; first: Json }[] = [];
    for await (const change of changes()) {
      const name = `${change.route} ${change.name ?? ''}`.trim();
      const { status, body } = await send(change, name);
      expect([name, status < 300 ? body.events.length > 0 : body]).toEqual([name, true]);
      sent.push({ name, change, first: body });
    }
    const made = new Set(sent.map(({ change: { route } }) => route));
    const all = Object.entries(permissions)
      .filter(
        ([row, right]) => !row.startsWith('GET ') && ['organization', 'account'].includes(rights[right].of),
      )
      .map(([row]) => row);
    expect(all.filter((row) => !made.has(row) && !(row in notHere))).toEqual([]);
    expect([...made].filter((row) => !(row in permissions))).toEqual([]);

    const removal = await acknowledged(
      plain(`POST ${O}/users/{userId}/remove`, undefined, { userId: bob.userId }),
    );
    await anna.call.post(pathOf(removal), removal.sending?.body);
    await until(
      () => bob.call.get('/v1/me'),
      ({ organizationId }) => organizationId === null,
    );
    for (const { name, change, first } of sent) {
      const { body: again } = await send(change, name);
      const { position: _first, effects: _pending, ...answered } = first;
      const { position: _again, effects: _settled, ...repeated } = again;
      expect([name, repeated]).toEqual([name, answered]);
      const other = await send(change, `${name} once more`);
      expect([name, [403, 404].includes(other.status)]).toEqual([name, true]);
    }
  });
});
