import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Serving, serve } from '#application';
import { Commands, type Outcome, type Principal, type Receipt } from '#commands';
import { AddDomain, VerifyDomain } from '#domains';
import type { EventStore } from '#event-store';
import { isRefusal, type RecordedEvent } from '#kernel';
import { LogHead } from '#queries';
import { Sandbox } from '#sandbox';
import { readSettings } from '#settings';
import { SignUp } from '../../libs/users/src/user.commands.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
jest.setTimeout(LONG ? 1_800_000 : 120_000);
const CONTENDERS = 8;

const ownerOf = (n: number): Principal => ({
  type: 'user',
  id: `usr_${String(n).padStart(32, '0')}`,
  userId: `usr_${String(n).padStart(32, '0')}`,
  organizationId: `org_${String(n).padStart(32, '0')}`,
  role: 'owner',
  emailVerified: true,
});
const call = (principal?: Principal) => ({
  principal,
  dryRun: false,
  source: 'api' as const,
  sourceIp: null,
  userAgent: null,
});
const codes = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (isRefusal(outcome) ? outcome.code : 'done')).sort();

describe('races', () => {
  let folder: string;
  let serving: Serving;
  let commands: Commands;

  const log = async (): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    for await (const batch of (serving.app.get(LogHead) as unknown as EventStore).readAll())
      events.push(...batch);
    return events;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-races-'));
    const settings = readSettings({
      PORT: '0',
      ORGLEDGER_DATA_DIR: folder,
      ORGLEDGER_RATE_LIMITS: 'off',
      LOG_LEVEL: 'silent',
    });
    serving = await serve(settings, 'test');
    commands = serving.app.get(Commands);
  });
  afterAll(async () => {
    await serving.stop();
    rmSync(folder, { recursive: true });
  });

  it('DOM-06: of 8 organizations that prove the same domain at once exactly one gets it, in each of 100 rounds', async () => {
    const sandbox = serving.app.get(Sandbox);
    const verifiedBy = new Map<string, number>();
    for (let round = 0; round < 100; round += 1) {
      const domain = `round${round}.example`;
      const added = (await Promise.all(
        Array.from({ length: CONTENDERS }, (_, n) =>
          commands.send(
            Object.assign(new AddDomain(), { domain, method: 'dns_txt' }),
            { organizationId: ownerOf(n).organizationId as string },
            call(ownerOf(n)),
          ),
        ),
      )) as (Receipt & { domainId: string; dnsRecord: { host: string; value: string } })[];
      const [first] = added;
      await sandbox.setRecord(first?.dnsRecord.host as string, {
        values: added.map(({ dnsRecord }) => dnsRecord.value),
      });
      const outcomes = await Promise.all(
        added.map(({ domainId }, n) =>
          commands.send(
            new VerifyDomain(),
            { organizationId: ownerOf(n).organizationId as string, domainId },
            call(ownerOf(n)),
          ),
        ),
      );
      expect(codes(outcomes)).toEqual([
        'domain_taken',
        'domain_taken',
        'domain_taken',
        'domain_taken',
        'domain_taken',
        'domain_taken',
        'domain_taken',
        'done',
      ]);
    }
    for (const { type, data } of await log())
      if (type === 'DomainVerified') {
        const { domain } = data as { domain: string };
        verifiedBy.set(domain, (verifiedBy.get(domain) ?? 0) + 1);
      }
    expect(verifiedBy.size).toBe(100);
    expect(new Set(verifiedBy.values())).toEqual(new Set([1]));
  });

  it('ORG-06: of 8 who sign up with the same address at once exactly one does, and founds one organization', async () => {
    const rounds = LONG ? 100 : 6;
    const before = (await log()).length;
    for (let round = 0; round < rounds; round += 1) {
      const outcomes = await Promise.all(
        Array.from({ length: CONTENDERS }, (_, n) =>
          commands.send(
            Object.assign(new SignUp(), {
              email: `person${round}@people.example`,
              password: `a long quiet river ${n}`,
              givenName: 'Anna',
              familyName: `${n}`,
            }),
            {},
            call(),
          ),
        ),
      );
      expect(codes(outcomes).filter((code) => code === 'done')).toHaveLength(1);
      expect(new Set(codes(outcomes))).toEqual(new Set(['done', 'email_taken']));
    }
    const since = (await log()).slice(before);
    for (const type of ['UserRegistered', 'OrganizationCreated', 'UserJoinedOrg', 'AccountCreated'])
      expect([type, since.filter((event) => event.type === type).length]).toEqual([type, rounds]);
    const home = new Map<string, string>();
    for (const event of since.filter(({ type }) => type === 'UserJoinedOrg')) {
      const { userId, organizationId } = event.data as { userId: string; organizationId: string };
      expect(home.get(userId) ?? organizationId).toBe(organizationId);
      home.set(userId, organizationId);
    }
  });
});
