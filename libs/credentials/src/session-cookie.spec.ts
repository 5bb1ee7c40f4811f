import { describe, expect, it } from '@jest/globals';
import { sessionIn } from '#http';
import { PublicUrl } from '#mail';
import { SessionCookie } from './session-cookie.ts';

const cookieAt = (address: string): SessionCookie => {
  const publicUrl = new PublicUrl();
  publicUrl.value = address;
  return new SessionCookie(publicUrl);
};

describe('the cookie of a session', () => {
  it('P14: is out of reach of scripts and other sites, and of every line but this machine’s without TLS', () => {
    for (const address of ['http://127.0.0.1:4000', 'http://localhost:4000', 'http://[::1]:4000'])
      expect(cookieAt(address).set('ols_A')).toBe(
        'orgledger_session=ols_A; Path=/; HttpOnly; SameSite=Strict',
      );
    for (const address of [
      'https://admin.corporate.example',
      'http://admin.corporate.example',
      'http://0.0.0.0:80',
    ])
      expect(cookieAt(address).set('ols_A')).toBe(
        'orgledger_session=ols_A; Path=/; HttpOnly; Secure; SameSite=Strict',
      );
    expect(cookieAt('http://127.0.0.1').clear()).toBe(
      'orgledger_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    );
  });

  it('is found among others, whole or not at all', () => {
    expect(sessionIn('a=b; orgledger_session=ols_A; c=d')).toBe('ols_A');
    for (const cookies of [
      undefined,
      '',
      'xorgledger_session=ols_A',
      'orgledger_session=ols A',
      'orgledger_session=',
    ])
      expect([cookies, sessionIn(cookies)]).toEqual([cookies, undefined]);
  });
});
