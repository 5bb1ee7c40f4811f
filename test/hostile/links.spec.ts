import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backends, Product } from '../support/product.ts';

const [embedded] = backends as [(typeof backends)[number]];
let product: Product;
beforeAll(async () => {
  product = await Product.start(embedded);
});
afterAll(() => product.stop());

const evil = 'evil.example';
const variants: readonly Readonly<Record<string, string>>[] = [
  ...[
    evil,
    `${evil}:80`,
    `user@${evil}`,
    `127.0.0.1@${evil}`,
    `127.0.0.1.${evil}`,
    `${evil}#`,
    `${evil}/a`,
    '',
    'localhost',
    '[::1]',
    '0',
    'a b',
  ].map((host) => ({ host })),
  ...[
    'x-forwarded-host',
    'x-host',
    'x-forwarded-server',
    'x-original-host',
    'x-http-host-override',
    'x-real-host',
  ].map((name) => ({ [name]: evil })),
  ...['x-forwarded-proto', 'x-forwarded-scheme', 'x-url-scheme', 'front-end-https', 'x-forwarded-ssl'].map(
    (name) => ({
      [name]: 'https',
    }),
  ),
  ...[
    'x-forwarded-port',
    'x-forwarded-prefix',
    'x-script-name',
    'x-original-url',
    'x-rewrite-url',
    'x-envoy-original-path',
  ].map((name) => ({ [name]: `/${evil}` })),
  ...[`host=${evil}`, `for=1.2.3.4;host="${evil}:80";proto=https`, `by=${evil}`].map((forwarded) => ({
    forwarded,
  })),
  ...['origin', 'referer'].map((name) => ({ [name]: `https://${evil}/a` })),
  ...['x-forwarded-for', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'client-ip', 'via'].map(
    (name) => ({ [name]: evil }),
  ),
];

/** As it is, which fetch would not send. */
const post = async (
  target: string,
  token: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> => {
  const { hostname, port } = new URL(product.url);
  const sent = request({
    hostname,
    port,
    path: target,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  sent.on('error', reject).on('response', (answer) => {
    text(answer).then(() => resolve(answer.statusCode ?? 0), reject);
  });
  sent.end();
  return promise;
};

describe('P9: links come from the settings alone', () => {
  it('40 ways to name another host in a request change no link', async () => {
    expect(variants.length).toBeGreaterThanOrEqual(40);
    const email = `una@${product.domain('links')}`;
    const una = await product.signUp(email, { verified: false });
    const answered: number[] = [];
    let mails = 1;
    const tries = variants.map((headers) => ['/v1/email-verifications', headers] as const);
    for (const [target, headers] of [...tries, [`http://${evil}/v1/email-verifications`, {}] as const]) {
      const status = await post(target, una.token, headers);
      answered.push(status);
      if (status === 200) await product.token(email, ++mails);
    }
    expect(mails).toBeGreaterThan(38);
    expect(answered.filter((status) => status >= 500)).toEqual([]);
    const links = product.smtp.messages.flatMap((message) => message.links);
    expect(links.length).toBeGreaterThanOrEqual(mails);
    expect(links.filter((link) => new URL(link).origin !== product.url)).toEqual([]);
    expect(JSON.stringify(product.smtp.messages)).not.toContain(evil);
  });
});
