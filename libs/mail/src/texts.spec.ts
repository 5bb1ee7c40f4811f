import { describe, expect, it } from '@jest/globals';
import { emailVerificationText, invitationText, isPlainAddress, link, linkPaths } from './index.ts';

const url = link('https://admin.example.com/', linkPaths.invitation, 'abc_-1');
const invitation = {
  inviterName: 'Ada Lovelace',
  organizationName: 'Engines & Co',
  role: 'standard_user',
  expiresAt: '2026-01-08T12:30:00.000Z',
  link: url,
};

describe('links', () => {
  it('P9: are built from the configured URL alone', () => {
    expect(url).toBe('https://admin.example.com/invitations/accept?token=abc_-1');
    expect(link('http://h:4000/base/?x=1#y', linkPaths.email_verification, 'a&b')).toBe(
      'http://h:4000/base/email-verifications/complete?token=a%26b',
    );
  });
});

describe('the words of mails', () => {
  it('an invitation says who, to what, as what, until when, and what accepting does', () => {
    const mail = invitationText(invitation);
    expect(mail.subject).toBe('Ada Lovelace invites you to Engines & Co');
    for (const part of [
      'Accepting makes you a member of Engines & Co as Standard User.',
      'deactivate or delete you',
      '8 January 2026 at 12:30 UTC',
      url,
    ])
      expect(mail.text).toContain(part);
    expect(mail.links).toEqual([url]);
    expect(mail.html).toContain('Engines &amp; Co');
    expect(mail.html).toContain(`href="${url}"`);
  });

  it('an invitation to accounts names them and their roles', () => {
    const accounts = [
      { name: 'Production', roles: ['developer', 'billing_manager'] },
      { name: 'Test', roles: ['support'] },
    ];
    const outside = invitationText({ ...invitation, organizationName: null, role: null, accounts });
    expect(outside.text).toContain(
      'Accepting gives you access to Production (Developer, Billing Manager); Test (Support).',
    );
    expect(outside.text).not.toContain('member');
    const both = invitationText({ ...invitation, accounts });
    expect(both.text).toContain('member of Engines & Co');
    expect(both.text).toContain('It also gives you access to Production');
    const single = invitationText({
      ...invitation,
      organizationName: null,
      role: null,
      accounts: accounts.slice(1),
    });
    expect(single.subject).toBe('Ada Lovelace invites you to Test');
  });

  it('a verification', () => {
    const mail = emailVerificationText({ givenName: 'Ada', link: url });
    expect(mail.subject).toBe('Confirm your e-mail address');
    expect(mail.text).toMatch(/^Hello Ada,\n\n/);
    expect(mail.links).toEqual([url]);
  });

  it('what people wrote stays text: no markup, no new lines, no header, no turned reading direction', () => {
    const nasty = '<img src=x onerror=alert(1)>"\'&\r\nBcc: eve@evil.example\u202Egnp.exe\u2028';
    const mail = invitationText({
      ...invitation,
      inviterName: nasty,
      organizationName: nasty,
      role: nasty,
      accounts: [{ name: nasty, roles: [nasty] }],
    });
    expect(mail.subject).not.toMatch(/[\r\n\u2028\u202e]/);
    expect(mail.text).not.toMatch(/\nBcc/);
    expect(mail.html).not.toContain('<img');
    expect(mail.html).not.toMatch(/[\u2028\u202e]/);
    const hostile = emailVerificationText({ givenName: nasty, link: 'https://x/?a="><script>' });
    expect(hostile.html).not.toMatch(/<script|<img/);
  });

  it('a very long name is cut between characters', () => {
    const { subject } = invitationText({ ...invitation, inviterName: '🦊'.repeat(400) });
    expect(subject.isWellFormed()).toBe(true);
    expect([...subject].length).toBeLessThan(300);
  });
});

describe('plain addresses', () => {
  it.each(['ada@example.com', "o'hara+tag@mail.example.co.uk", 'a@xn--bcher-kva.example'])('%s', (address) =>
    expect(isPlainAddress(address)).toBe(true),
  );
  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@127.0.0.1',
    'ada@[127.0.0.1]',
    'ada@example..com',
    '.ada@example.com',
    'ada.@example.com',
    'ada@-example.com',
    'ada@bücher.example',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b.'.repeat(130)}com`,
  ])('not: %j', (address) => expect(isPlainAddress(address)).toBe(false));
});
