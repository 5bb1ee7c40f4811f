import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { MasterKey } from '#tokens';
import { type ApiKeyCommand, type ApiKeyEvent, apiKey, works } from './api-key.ts';
import { ApiKeySecrets } from './api-key-secrets.ts';

const about = { apiKeyId: 'key_1', organizationId: 'org_1' };
const made = { ...about, name: 'Backup', role: 'auditor', tokenHash: 'hash' } as const;
const [now, later] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
const create = (expiresAt: string | null = null): ApiKeyCommand => ({
  type: 'CreateApiKey',
  ...made,
  expiresAt,
});
const created = (expiresAt: string | null = null): ApiKeyEvent => ({
  type: 'ApiKeyCreated',
  data: { ...made, expiresAt, createdAt: now },
});
const revoked: ApiKeyEvent = { type: 'ApiKeyRevoked', data: { ...about, name: 'Backup' } };
const { given } = specify(apiKey);

describe('an API key', () => {
  it('is made once, with a role and an end that has not come', () => {
    given().when(create()).then(created());
    given().when(create(later)).then(created(later));
    given().when(create(now), { now }).thenRefused('expires_in_the_past');
    given(created()).when(create()).thenNothing();
  });

  it('works until its end or until it is revoked', () => {
    expect(works(given().state(), now)).toBe(false);
    expect(works(given(created()).state(), '2099-01-01T00:00:00.000Z')).toBe(true);
    expect(works(given(created(later)).state(), '2026-01-01T23:59:59.999Z')).toBe(true);
    expect(works(given(created(later)).state(), later)).toBe(false);
    expect(works(given(created(), revoked).state(), now)).toBe(false);
  });

  it('is revoked once', () => {
    given(created()).when({ type: 'RevokeApiKey' }).then(revoked);
    given(created(), revoked).when({ type: 'RevokeApiKey' }).thenNothing();
    given().when({ type: 'RevokeApiKey' }).thenRefused('not_found');
  });
});

describe('the secret of a key', () => {
  const secrets = new ApiKeySecrets(new MasterKey(Buffer.alloc(32, 1)));
  const others = new ApiKeySecrets(new MasterKey(Buffer.alloc(32, 2)));
  const id = `key_${'0123456789abcdef'.repeat(2)}`;

  it('P9: says which key it is, is the same for the same key, and another for another', () => {
    const secret = secrets.issue(id);
    expect(secret).toMatch(/^orgledger_[A-Za-z0-9_-]{64}$/);
    expect(secrets.read(secret)).toBe(id);
    expect(secrets.issue(id)).toBe(secret);
    expect(others.issue(id)).not.toBe(secret);
    expect(secrets.matches(secret, secrets.hash(secret))).toBe(true);
    expect(others.matches(secret, secrets.hash(secret))).toBe(true);
  });

  it('P9: of every one of its bits that is turned none proves anything', () => {
    const secret = secrets.issue(id);
    const kept = secrets.hash(secret);
    const bytes = Buffer.from(secret.slice('orgledger_'.length), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(secrets.matches(`orgledger_${forged.toString('base64url')}`, kept)).toBe(false);
    }
    for (const odd of [
      '',
      'orgledger_',
      secret.slice(0, -1),
      `${secret}A`,
      secret.toUpperCase(),
      `x${secret}`,
    ])
      expect(secrets.read(odd)).toBeUndefined();
  });
});
