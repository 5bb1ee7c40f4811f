import { describe, expect, it } from '@jest/globals';
import { readSettings, settingsTable, WrongSetting } from './settings.ts';

describe('settings', () => {
  it('has a default for everything: nothing needs to be set', () => {
    expect(readSettings({ PATH: '/usr/bin' })).toEqual({
      host: '127.0.0.1',
      port: 4000,
      dataDir: './data',
      eventStoreUrl: undefined,
      mongodbUrl: undefined,
      smtpUrl: undefined,
      mailFrom: 'orgledger@localhost',
      publicUrl: undefined,
      dnsServers: [],
      masterKeyFile: undefined,
      invitationDays: 7,
      pendingInvitations: 100,
      connectionsPerAddress: 500,
      rateLimits: true,
      sandbox: true,
      role: 'all',
      logLevel: 'info',
    });
  });

  it('reads every setting', () => {
    const settings = readSettings({
      HOST: '0.0.0.0',
      PORT: '0',
      ORGLEDGER_DATA_DIR: '/srv/orgledger',
      EVENTSTORE_URL: 'esdb+discover://a:2113?tls=false',
      MONGODB_URL: 'mongodb://a:27017/?replicaSet=rs0',
      SMTP_URL: 'smtps://mail.example:465',
      ORGLEDGER_MAIL_FROM: 'no-reply@example.com',
      ORGLEDGER_PUBLIC_URL: 'https://console.example/',
      ORGLEDGER_DNS_SERVERS: '9.9.9.9, [2620:fe::fe]:53,resolver.example:5353',
      ORGLEDGER_MASTER_KEY_FILE: '/run/secrets/key',
      ORGLEDGER_INVITATION_DAYS: '30',
      ORGLEDGER_PENDING_INVITATIONS: '1000000000',
      ORGLEDGER_CONNECTIONS_PER_ADDRESS: '2000',
      ORGLEDGER_ROLE: 'api',
      LOG_LEVEL: 'warn',
    });
    expect(settings).toMatchObject({
      port: 0,
      publicUrl: 'https://console.example',
      dnsServers: ['9.9.9.9', '[2620:fe::fe]:53', 'resolver.example:5353'],
      invitationDays: 30,
      pendingInvitations: 1_000_000_000,
      connectionsPerAddress: 2_000,
      sandbox: false,
      role: 'api',
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('counts an empty variable as absent', () => {
    expect(readSettings({ PORT: '', EVENTSTORE_URL: '', ORGLEDGER_SANDBOX: '' }).sandbox).toBe(true);
  });

  it.each([
    [{ PORT: '65536' }, 'PORT must be a whole number from 0 to 65535.'],
    [{ PORT: '4e3' }, 'PORT must be a whole number from 0 to 65535.'],
    [{ HOST: 'a b' }, 'HOST must be a host name or an IP address.'],
    [{ ORGLEDGER_INVITATION_DAYS: '31' }, 'ORGLEDGER_INVITATION_DAYS must be a whole number from 1 to 30.'],
    [{ ORGLEDGER_INVITATION_DAYS: '0' }, 'ORGLEDGER_INVITATION_DAYS must be a whole number from 1 to 30.'],
    [
      { ORGLEDGER_PENDING_INVITATIONS: '1000000001' },
      'ORGLEDGER_PENDING_INVITATIONS must be a whole number from 1 to 1000000000.',
    ],
    [{ ORGLEDGER_RATE_LIMITS: 'no' }, 'ORGLEDGER_RATE_LIMITS must be on or off.'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent.'],
    [{ MONGODB_URL: 'http://x' }, 'MONGODB_URL must be a URL that starts with mongodb:// or mongodb+srv://.'],
    [{ SMTP_URL: 'mail.example' }, 'SMTP_URL must be a URL that starts with smtp:// or smtps://.'],
    [{ ORGLEDGER_MAIL_FROM: 'A <a@b>' }, 'ORGLEDGER_MAIL_FROM must be one bare e-mail address.'],
    [
      { ORGLEDGER_PUBLIC_URL: 'https://a.example/?x=1' },
      'ORGLEDGER_PUBLIC_URL must be an http:// or https:// URL without user, query or fragment.',
    ],
    [
      { ORGLEDGER_DNS_SERVERS: '1.1.1.1:99999' },
      'ORGLEDGER_DNS_SERVERS must be a comma-separated list of host or host:port.',
    ],
    [
      { ORGLEDGER_OIDC_ISSUER: 'http://idp.example', ORGLEDGER_OIDC_AUDIENCE: 'a' },
      'ORGLEDGER_OIDC_ISSUER must be an https:// URL without user, query or fragment.',
    ],
    [
      { ORGLEDGER_OIDC_ISSUER: 'https://idp.example' },
      'ORGLEDGER_OIDC_ISSUER and ORGLEDGER_OIDC_AUDIENCE are set together or not at all.',
    ],
    [{ ORGLEDGER_ROLE: 'worker' }, 'ORGLEDGER_ROLE must be all or api.'],
    [{ ORGLEDGER_ROLE: 'api' }, 'ORGLEDGER_ROLE can be api only with both EVENTSTORE_URL and MONGODB_URL.'],
    [
      { ORGLEDGER_INVITATON_DAYS: '3' },
      'ORGLEDGER_INVITATON_DAYS is not a setting; did you mean ORGLEDGER_INVITATION_DAYS?',
    ],
    [{ ORGLEDGER_PORT: '3' }, 'ORGLEDGER_PORT is not a setting; did you mean PORT?'],
  ])('refuses %j with one sentence', (env, sentence) => {
    expect(() => readSettings(env)).toThrow(new WrongSetting(sentence));
  });

  describe('sandbox', () => {
    it.each([['127.0.0.1'], ['127.8.9.1'], ['localhost'], ['::1']])('is on by default on %s', (HOST) => {
      expect(readSettings({ HOST }).sandbox).toBe(true);
    });
    it.each([
      [{ HOST: '0.0.0.0' }],
      [{ HOST: '::' }],
      [{ HOST: '127.0.0.1.example' }],
      [{ EVENTSTORE_URL: 'esdb://a' }],
      [{ MONGODB_URL: 'mongodb://a' }],
      [{ SMTP_URL: 'smtp://a' }],
      [{ ORGLEDGER_DNS_SERVERS: '1.1.1.1' }],
    ])('is off beside %j, and refused when asked for', (env) => {
      expect(readSettings(env).sandbox).toBe(false);
      expect(() => readSettings({ ...env, ORGLEDGER_SANDBOX: 'on' })).toThrow(
        /^ORGLEDGER_SANDBOX cannot be on (beside|while) /,
      );
      expect(() => readSettings({ ...env, ORGLEDGER_RATE_LIMITS: 'off' })).toThrow(
        'ORGLEDGER_RATE_LIMITS can be off only with the sandbox.',
      );
    });
    it('allows rate limits to be off', () => {
      expect(readSettings({ ORGLEDGER_RATE_LIMITS: 'off' }).rateLimits).toBe(false);
    });
  });

  it('lists every setting with default and meaning for the README', () => {
    const table = settingsTable();
    expect(table.map(({ name }) => name)).toEqual(expect.arrayContaining(['HOST', 'PORT', 'LOG_LEVEL']));
    expect(table).toHaveLength(19);
    for (const row of table) expect(row.meaning).toMatch(/\.$/);
  });
});
