import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '#sandbox';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, password, until } from '../support/product.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
jest.setTimeout(LONG ? 1_800_000 : 120_000);

const [embedded] = backends as [(typeof backends)[number]];
const deletion = ['accounts_stay', 'access_ends', 'data_deleted', 'irreversible'];
const givenName = 'Zenobiana';
const familyName = 'Quillfeather';
const before = 'Oldnamia';

/** Files of the folder in which one of the words stands, in any of the ways in which a store may keep text. */
const filesWith = (folder: string, words: readonly string[]): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const text = bytes.toString('latin1').toLowerCase();
      return words
        .filter((word) => text.includes(word.toLowerCase()) || bytes.includes(Buffer.from(word, 'utf16le')))
        .map((word) => `${word} in ${name}`);
    });

/** Every document of the read models, in a form that can be compared. */
const documentsOf = (folder: string): Json => {
  const database = new DatabaseSync(join(folder, 'read-models.db'), { readOnly: true });
  try {
    const collections = database.prepare('SELECT name, layout FROM catalogue').all() as Json[];
    return Object.fromEntries(
      collections
        .filter(({ name }) => /^(?:users|audit|invitations|account)/.test(name))
        .map(({ name, layout }) => [
          name.replace(/\.\d+(?=$|\.)/, ''),
          database.prepare(`SELECT _id, doc FROM d${JSON.parse(layout).table} ORDER BY _id`).all(),
        ]),
    );
  } finally {
    database.close();
  }
};

describe('erasure', () => {
  let product: Product;
  afterEach(() => product.stop());

  const started = async () => {
    product = await Product.start(embedded, { sandbox: true });
    const sandbox = product.serving.app.get(Sandbox);
    const token = async (to: string) => {
      const [link] = (
        await until(
          () => sandbox.mailbox.list({ to }),
          (mails) => mails.length > 0,
        )
      )[0].links;
      return new URL(link).searchParams.get('token') ?? '';
    };
    const signUp = async (email: string): Promise<Person> => {
      const receipt = await product.nobody.post('/v1/sign-ups', {
        email,
        password,
        givenName: 'Anna',
        familyName: 'Berg',
      });
      await product.nobody.post('/v1/email-verifications/complete', { token: await token(email) });
      const { call } = await product.signIn(email);
      return {
        ...receipt,
        email,
        call,
        path: (rest = '') => `/v1/organizations/${receipt.organizationId}${rest}`,
      };
    };
    const domain = 'corporate.example';
    const anna = await signUp(`anna@${domain}`);
    const added = await anna.call.post(anna.path('/domains'), { domain, method: 'dns_txt' });
    await sandbox.setRecord(added.dnsRecord.host, { values: [added.dnsRecord.value] });
    await anna.call.post(anna.path(`/domains/${added.domainId}/verify`));
    const join = async (email: string, names: Json): Promise<Json> => {
      await product.invite(anna, email);
      const accepted = await product.nobody.post('/v1/invitations/accept', {
        token: await token(email),
        password,
        ...names,
      });
      return { ...accepted, ...(await product.signIn(email)) };
    };
    const outsider = await signUp('otto@elsewhere.example');
    return { anna, outsider, domain, join };
  };

  it('USR-10: a byte search of the whole data folder for names and addresses of a deleted person finds nothing', async () => {
    const { anna, outsider, domain, join } = await started();
    const email = `zenobiana.q@${domain}`;
    const next = `zq.renamed@${domain}`;
    const zoe = await join(email, { givenName: before, familyName });
    // Known in another organization, too: independent there, as inviter, as actor, under two names and addresses.
    await anna.call.patch(anna.path(`/users/${zoe.userId}`), { givenName });
    await anna.call.put(anna.path(`/users/${zoe.userId}/role`), { role: 'administrator' });
    await outsider.call.post(`/v1/accounts/${outsider.accountId}/invitations`, {
      email,
      roles: ['developer'],
    });
    const invited = await product.serving.app.get(Sandbox).mailbox.list({ to: email, kind: 'invitation' });
    const link = new URL(invited[0]?.links[0] ?? 'http://none').searchParams.get('token');
    await zoe.call.post('/v1/invitations/accept', { token: link });
    const number = '+491755501234';
    await zoe.call.post('/v1/me/two-factor', { method: 'sms', number });
    expect((await product.nobody.get('/sandbox/sms')).items).toMatchObject([{ to: number }]);
    await product.invite({ ...anna, call: zoe.call }, `late@${domain}`);
    await anna.call.put(anna.path(`/users/${zoe.userId}/email`), { email: next });
    const { accountId } = await anna.call.post(anna.path('/accounts'), {
      name: 'Kept',
      ownerId: zoe.userId,
    });
    for (let number = 0; number < 60; number += 1)
      await anna.call.patch(anna.path(`/users/${zoe.userId}`), { givenName: `${givenName} ${number}` });
    await until(
      () => product.serving.app.get(Sandbox).mailbox.list({ to: `late@${domain}` }),
      (mails) => mails.length > 0,
    );
    const words = [givenName, familyName, before, email, next, number];
    expect(filesWith(product.folder, words).length).toBeGreaterThan(0);
    const receipt = await anna.call.post(anna.path(`/users/${zoe.userId}/delete`), {
      acknowledgements: deletion,
      accountOwners: { [accountId]: anna.userId },
    });
    expect(receipt.effects).toBeUndefined();
    expect(filesWith(product.folder, words)).toEqual([]);
    const others = await outsider.call.get(outsider.path('/users?limit=200'));
    expect(JSON.stringify(others)).not.toContain(familyName);
    await product.restart();
    expect(filesWith(product.folder, words)).toEqual([]);
  });

  it('USR-10: nothing stays in read models that have just been replaced by those of a rebuild or an upgrade', async () => {
    const { anna, domain, join } = await started();
    const { userId } = await join(`zenobiana.q@${domain}`, { givenName, familyName });
    for (const name of ['users', 'invitations', 'audit'])
      await product.operator.post(`/v1/operations/projections/${name}/rebuild`);
    await anna.call.post(anna.path(`/users/${userId}/delete`), { acknowledgements: deletion });
    expect(filesWith(product.folder, [givenName, familyName])).toEqual([]);
  });

  it('USR-10, P5: what was told anew is byte for byte what a rebuild tells', async () => {
    const { anna, domain, join } = await started();
    const people = [];
    const count = LONG ? 300 : 4;
    const nameOf = (number: number) => `Given${String(number).padStart(4, '0')}${'x'.repeat(number % 90)}`;
    for (let number = 0; number < count; number += 1)
      people.push(await join(`person${number}@${domain}`, { givenName: nameOf(number), familyName: 'Ray' }));
    for (const { userId, call } of people.slice(0, count / 2)) {
      await anna.call.patch(anna.path(`/users/${userId}`), { familyName: 'Renamed' });
      await call.post(anna.path('/accounts'), { name: 'Own' });
      const owned = await anna.call.all(anna.path(`/accounts?ownerId=${userId}`));
      await anna.call.post(anna.path(`/users/${userId}/delete`), {
        acknowledgements: deletion,
        accountOwners: Object.fromEntries(owned.map(({ accountId }: Json) => [accountId, anna.userId])),
      });
    }
    const erased = people.slice(0, count / 2).map((_person, number) => nameOf(number));
    expect(filesWith(product.folder, erased)).toEqual([]);
    await product.restart();
    const told = documentsOf(product.folder);
    for (const name of ['users', 'audit', 'invitations', 'account-users'])
      await product.operator.post(`/v1/operations/projections/${name}/rebuild`);
    await product.restart();
    expect(documentsOf(product.folder)).toEqual(told);
    expect(JSON.stringify(told)).toContain('[erased]');
  });
});
