import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { type OidcIssuer, startOidcIssuer } from '../../../test/servers/oidc-issuer.ts';
import { type AccessTokens, ProviderUnavailable, providerTokens } from './index.ts';

const audience = 'urn:orgledger:tests';
const ada = { email: 'ada@corporate.example', email_verified: true };

describe('access tokens of an identity provider', () => {
  let provider: OidcIssuer;
  let offset = 0;
  const clock = { now: () => Date.now() + offset };
  const tokens = (cooldown = 0): AccessTokens =>
    providerTokens({ issuer: provider.issuer, audience, cooldown }, clock);

  beforeAll(async () => {
    provider = await startOidcIssuer(audience);
  });
  afterAll(() => provider.close());

  it('P9: prove the address that the provider has verified, and nothing else does', async () => {
    const ours = tokens();
    expect(await ours.emailOf(await provider.token(ada))).toBe(ada.email);
    expect(await ours.emailOf(await provider.token({ email: ada.email }))).toBeUndefined();
    expect(await ours.emailOf(await provider.token({ ...ada, email_verified: 'true' }))).toBeUndefined();
    expect(await ours.emailOf(await provider.token({}))).toBeUndefined();
    const elsewhere = await provider.token(ada, { audience: 'urn:somebody:else' });
    expect(await ours.emailOf(elsewhere)).toBeUndefined();
  });

  it('P9: end when they say, by the product’s clock', async () => {
    const ours = tokens();
    const token = await provider.token(ada);
    offset = 540_000;
    expect(await ours.emailOf(token)).toBe(ada.email);
    offset = 601_000;
    expect(await ours.emailOf(token)).toBeUndefined();
    offset = 0;
  });

  it('P9: forged, cut, unsigned, signed by others or with a shared secret: none is taken', async () => {
    const ours = tokens(5_000);
    const token = await provider.token(ada);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { issuer } = provider;
    const claims = { ...ada, iss: issuer, aud: audience, sub: 'machine', jti: '1' };
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const signed = (alg: string, key: Parameters<SignJWT['sign']>[0], more: object = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...more })
        .setExpirationTime('5m')
        .sign(key);
    const published = await (await fetch(`${issuer}/jwks`)).text();
    const forgeries = [
      new UnsecuredJWT(claims).setExpirationTime('5m').encode(),
      await signed('RS256', privateKey),
      await signed('RS256', privateKey, { jwk: await exportJWK(publicKey) }),
      await signed('HS256', Buffer.from(published)),
      `${header}.${payload}.`,
      `${header}.${base64url.encode(JSON.stringify({ ...claims, exp: 9_999_999_999 }))}.${signature}`,
      `${base64url.encode('{"alg":"none"}')}.${payload}.`,
      '..',
      'a.b.c',
    ];
    for (let at = 0; at < signature.length; at += 3)
      forgeries.push(
        `${header}.${payload}.${signature.slice(0, at)}${signature[at] === 'A' ? 'B' : 'A'}${signature.slice(at + 1)}`,
      );
    for (let length = 1; length < token.length; length += 7) forgeries.push(token.slice(0, length));
    const accepted = [];
    for (const forgery of forgeries) if (await ours.emailOf(forgery)) accepted.push(forgery);
    expect(accepted).toEqual([]);
    expect(await ours.emailOf(token)).toBe(ada.email);
  });

  it('keys are read once, and again when one is not known: the provider may change them', async () => {
    const ours = tokens();
    const before = provider.keyReads();
    for (let count = 0; count < 5; count++) await ours.emailOf(await provider.token(ada));
    expect(provider.keyReads()).toBe(before + 1);
    const old = await provider.token(ada);
    provider.rotate();
    expect(await ours.emailOf(await provider.token(ada))).toBe(ada.email);
    expect(provider.keyReads()).toBe(before + 2);
    expect(await ours.emailOf(old)).toBeUndefined();
  });

  it('tokens with made-up keys do not make it ask the provider again and again', async () => {
    const ours = tokens(60_000);
    await ours.emailOf(await provider.token(ada));
    const before = provider.keyReads();
    const { privateKey } = await generateKeyPair('RS256');
    for (let count = 0; count < 20; count++) {
      const forged = new SignJWT(ada).setProtectedHeader({ alg: 'RS256', kid: `made-up-${count}` });
      expect(await ours.emailOf(await forged.setExpirationTime('5m').sign(privateKey))).toBeUndefined();
    }
    expect(provider.keyReads() - before).toBeLessThanOrEqual(1);
  });

  it('a provider that does not answer is told apart from a wrong token, and tried again', async () => {
    const ours = tokens();
    const token = await provider.token(ada);
    provider.fail(true);
    await expect(ours.emailOf(token)).rejects.toThrow(ProviderUnavailable);
    provider.fail(false);
    expect(await ours.emailOf(token)).toBe(ada.email);
  });
});
