import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backends, type Person, Product, password, until } from '../support/product.ts';

const [embedded] = backends;
const long = process.env.ORGLEDGER_LONG === '1';
const forgeries = long ? 10_000 : 2_000;
const links = long ? 500 : 8;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The character at a place exchanged for one so many further in the alphabet. */
const turned = (token: string, at: number, by: number): string => {
  const other = alphabet[(alphabet.indexOf(token.charAt(at)) + by + alphabet.length) % alphabet.length];
  return token.slice(0, at) + other + token.slice(at + 1);
};

/** Other characters at one place or two, a piece missing, a piece of another token: what could be taken for the real one. */
const forgeriesOf = (token: string, other: string, count: number): string[] => {
  const forged = new Set<string>();
  for (let round = 0; forged.size < count; round++) {
    const at = round % token.length;
    const turn = Math.floor(round / token.length);
    const one = turned(token, at, 1 + (turn % (alphabet.length - 1)));
    const candidates = [
      one,
      turned(one, (at + 1 + (turn % (token.length - 1))) % token.length, 1),
      token.slice(0, at),
      token.slice(0, at) + other.slice(at),
      token.slice(at) + token.slice(0, at),
      `${token}${alphabet[at % alphabet.length]}`,
    ];
    for (const candidate of candidates)
      if (candidate !== token && candidate !== other && candidate !== '' && forged.size < count)
        forged.add(candidate);
  }
  return [...forged];
};

describe('what cannot be forged', () => {
  let product: Product;
  let domain: string;
  let anna: Person;
  let eve: Person;

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    eve = await product.signUp(`eve@${product.domain('eve')}`);
  });
  afterAll(() => product.stop());

  const resetToken = async (to: string): Promise<string> => {
    const before = product.smtp.messages.filter((mail) => mail.to === to).length;
    await product.nobody.expecting([202], 'POST', '/v1/password-resets', { email: to });
    await until(
      async () => product.smtp.messages.filter((mail) => mail.to === to).length,
      (count) => count > before,
    );
    const mail = product.smtp.messages.filter((one) => one.to === to).at(-1);
    return new URL(mail?.links[0] ?? '').searchParams.get('token') ?? '';
  };

  it(`P9: of ${forgeries} forged, cut and mixed sessions, keys and links none is accepted`, async () => {
    const ended = await product.signIn(anna.email);
    await ended.call.expecting([204], 'DELETE', '/v1/sessions/current');
    const key = async (person: Person): Promise<string> =>
      (await person.call.post(person.path('/api-keys'), { name: 'A key', role: 'auditor' })).secret;
    const [ours, theirs] = [await key(anna), await key(eve)];
    const link = await resetToken(anna.email);
    const old = link;
    const [newest, foreign] = [await resetToken(anna.email), await resetToken(eve.email)];
    const accepted: string[] = [];
    const bearers = [
      ended.token,
      ...forgeriesOf(anna.token, eve.token, forgeries * 0.4),
      ...forgeriesOf(ours, theirs, forgeries * 0.4),
    ];
    for (const bearer of bearers) {
      const cookie = { cookie: `orgledger_session=${bearer}` };
      const asBearer = bearer.length % 2 === 0 ? product.nobody.as(bearer) : product.nobody.with(cookie);
      if ((await asBearer.send('GET', anna.path())).status !== 401) accepted.push(bearer);
    }
    for (const token of [old, ...forgeriesOf(newest, foreign, forgeries * 0.2)]) {
      const body = { token, newPassword: 'another slow river 17' };
      const reply = await product.nobody.send('POST', '/v1/password-resets/complete', { body });
      if (reply.status !== 404 && reply.status !== 400) accepted.push(token);
    }
    expect(accepted).toEqual([]);
    await product.nobody.as(theirs).refused(404, 'not_found', 'GET', anna.path());
    await product.nobody.as(ours).get(anna.path());
    await product.signIn(anna.email);
    const purposes = [
      '/v1/email-verifications/complete',
      '/v1/invitations/accept',
      '/v1/invitations/decline',
    ];
    for (const path of purposes)
      expect((await product.nobody.send('POST', path, { body: { token: newest } })).status).toBe(404);
  }, 300_000);

  it(`P9: a reset link that eight use at once works once, ${links} times`, async () => {
    for (let round = 0; round < links; round++) {
      const token = await resetToken(eve.email);
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          product.nobody.send('POST', '/v1/password-resets/complete', {
            body: { token, newPassword: `${password} ${round} ${index}` },
          }),
        ),
      );
      expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(404)]);
      const won = replies.findIndex(({ status }) => status === 200);
      await product.signIn(eve.email, `${password} ${round} ${won}`);
    }
  }, 900_000);
});
