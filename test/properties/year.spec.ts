import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { catalogue, openStores, projections, type Serving, serve } from '#application';
import { Commands, type Principal, type Receipt } from '#commands';
import { AddDomain, VerifyDomain } from '#domains';
import { type EventStore, readableEvents } from '#event-store';
import type { RecordedEvent } from '#kernel';
import { LogHead, Queries } from '#queries';
import { Projector } from '#read-models';
import { Sandbox } from '#sandbox';
import { readSettings } from '#settings';
import { MasterKey, PersonalKeys } from '#tokens';
import { RestoreUsers } from '../../libs/domains/src/domain.commands.ts';
import { TimeTravel } from '../../libs/sandbox/src/time-travel.ts';
import { ListUpcoming } from '../../libs/timers/src/upcoming.queries.ts';
import { Product } from '../faults/product.ts';
import { type Scratch, scratchDocuments } from '../support/scratch-documents.ts';
import { dumpOf } from '../support/things.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';
jest.setTimeout(600_000);
const RUNS = LONG ? 4 : 2;
const DOMAINS = LONG ? 6 : 3;
/** Days of a simulated life. */
const DAYS = LONG ? 365 : 40;
const PEOPLE = 3;
const DAY = 86_400_000;
const GRACE = 30 * DAY;

type Zone = 'there' | 'gone' | 'in doubt';

/** What happens to one domain's record before so many days pass, and what to the process. */
const turn = fc.record({
  zones: fc.array(fc.constantFrom<Zone>('there', 'gone', 'gone', 'in doubt'), {
    minLength: DOMAINS,
    maxLength: DOMAINS,
  }),
  changed: fc.array(fc.boolean(), { minLength: DOMAINS, maxLength: DOMAINS }),
  days: fc.constantFrom(1, 3, 9, 16, 34),
  end: fc.constantFrom('lives on', 'lives on', 'stopped', 'killed'),
  /** Milliseconds of its work that a process that is killed gets. */
  killedAfter: fc.integer({ min: 0, max: 600 }),
});

const hex = (text: string): string => createHash('md5').update(text).digest('hex');
const organizationId = `org_${hex('organization')}`;
const ownerId = `usr_${hex('owner')}`;
const owner: Principal = {
  type: 'user',
  id: ownerId,
  userId: ownerId,
  organizationId,
  role: 'owner',
  emailVerified: true,
};
const call = {
  principal: owner,
  dryRun: false,
  source: 'api' as const,
  sourceIp: null,
  userAgent: null,
};

/** Kind of timer → what may happen when its time has come; the first of them when the record is gone. */
const effects: Readonly<Record<string, readonly string[]>> = {
  domain_recheck: ['DomainRecheckFailed', 'DomainRevalidated', 'DomainVerified'],
  domain_warning: ['DomainLapseWarningSent'],
  domain_lapse: ['DomainValidationLapsed', 'DomainRevalidated'],
  domain_expiry: ['DomainVerificationExpired'],
};
const bySelf = new Set(Object.values(effects).flat());

// biome-ignore lint/suspicious/noExplicitAny: events of every type.
type Seen = RecordedEvent & { readonly data: any };

/** One organization and its domains, in a product whose clock this test moves. */
class Life {
  readonly folder = mkdtempSync(join(tmpdir(), 'orgledger-year-'));
  readonly settings = readSettings({
    PORT: '0',
    ORGLEDGER_DATA_DIR: this.folder,
    ORGLEDGER_RATE_LIMITS: 'off',
    LOG_LEVEL: 'silent',
  });
  readonly zones: { readonly at: number; readonly zone: Zone }[][] = [];
  serving!: Serving;

  async start(): Promise<void> {
    this.serving = await serve(this.settings, 'test');
  }

  get log(): EventStore {
    return this.serving.app.get(LogHead) as unknown as EventStore;
  }

  now(): number {
    return this.serving.app.get(Sandbox).clock.now();
  }

  advance(milliseconds: number): Promise<number> {
    return this.serving.app.get(TimeTravel).advance(milliseconds);
  }

  async events(after = 0): Promise<Seen[]> {
    const seen: Seen[] = [];
    for await (const batch of this.log.readAll({ after })) seen.push(...batch);
    return seen;
  }

  async upcoming(): Promise<
    { kind: string; dueAt: string; subject: { id: string }; affects: { users: number } }[]
  > {
    const list = Object.assign(new ListUpcoming(), { limit: 200 });
    const answer = await this.serving.app.get(Queries).ask(list, { organizationId }, call);
    return (answer as { items: [] }).items;
  }

  async append(stream: string, type: string, data: object, expected = -1): Promise<void> {
    const commandId = randomUUID();
    await this.log.append(stream, expected, [
      {
        id: randomUUID(),
        type,
        data,
        metadata: {
          commandId,
          fingerprint: '',
          correlationId: commandId,
          causationId: null,
          actor: { type: 'user', id: ownerId },
          source: 'api',
          sourceIp: null,
          userAgent: null,
          organizationId,
          schemaVersion: 1,
          occurredAt: new Date(this.now()).toISOString(),
        },
      },
    ]);
  }

  async person(userId: string, domain: string, role: string): Promise<void> {
    const at = new Date(this.now()).toISOString();
    const called = { email: `${userId}@${domain}`, domain, givenName: 'Given', familyName: 'Family' };
    const registered = { ...called, userId, registeredAt: at, joinsAfterVerification: null };
    const stream = `user-${userId}`;
    await this.append(stream, 'UserRegistered', {
      ...registered,
      status: 'active',
      via: 'sign_up',
      founds: null,
    });
    const joined = {
      ...called,
      userId,
      organizationId,
      role,
      via: 'import',
      invitationId: null,
      joinedAt: at,
    };
    await this.append(stream, 'UserJoinedOrg', { ...joined, ownedAccountIds: [] }, 0);
  }

  async settleIn(): Promise<void> {
    await this.start();
    const created = { organizationId, name: 'Org', ownerId, via: 'sign_up' };
    await this.append(`organization-${organizationId}`, 'OrganizationCreated', created);
    await this.person(ownerId, name(0), 'owner');
    for (let domain = 0; domain < DOMAINS; domain += 1) {
      this.zones.push([]);
      await this.addDomain(domain);
      for (let n = 0; n < PEOPLE; n += 1)
        await this.person(userId(domain, n), name(domain), n === 0 ? 'administrator' : 'standard_user');
    }
    await this.advance(1);
  }

  /** Adds and proves it, with its record there. */
  async addDomain(domain: number): Promise<string> {
    const command = Object.assign(new AddDomain(), { domain: name(domain), method: 'dns_txt' });
    const commands = this.serving.app.get(Commands);
    const added = (await commands.send(command, { organizationId }, call)) as Receipt;
    this.#values.set(domain, (added.dnsRecord as { value: string }).value);
    await this.setZone(domain, 'there');
    const { domainId } = added as unknown as { domainId: string };
    await commands.send(new VerifyDomain(), { organizationId, domainId }, call);
    return domainId;
  }

  async restore(domainId: string): Promise<void> {
    await this.serving.app.get(Commands).send(new RestoreUsers(), { organizationId, domainId }, call);
  }

  readonly #values = new Map<number, string>();

  async setZone(domain: number, zone: Zone): Promise<void> {
    const record = {
      there: { values: [this.#values.get(domain) ?? ''] },
      gone: undefined,
      'in doubt': { fault: 'servfail' as const },
    }[zone];
    await this.serving.app.get(Sandbox).setRecord(`_orgledger.${name(domain)}`, record);
    this.zones[domain]?.push({ at: this.now(), zone });
  }

  zoneAt(domain: number, time: number): Zone | undefined {
    return this.zones[domain]?.findLast(({ at }) => at <= time)?.zone;
  }

  async restart(): Promise<void> {
    await this.serving.stop();
    await this.start();
  }

  /** Another process goes on with this life towards a time and is killed on the way, wherever it is then. */
  async killedOnTheWay(milliseconds: number, after: number): Promise<void> {
    await this.serving.stop();
    const process = await Product.start(this.folder, { ORGLEDGER_RATE_LIMITS: 'off' });
    const advancing = process
      .as()
      .post('/sandbox/clock/advance', { milliseconds })
      .catch(() => undefined);
    await sleep(after);
    await process.kill();
    await advancing;
    await this.start();
  }

  async end(): Promise<void> {
    await this.serving.stop();
    rmSync(this.folder, { recursive: true });
  }
}

const name = (domain: number): string => `d${domain}.example`;
const userId = (domain: number, n: number): string => `usr_${hex(`${domain}/${n}`)}`;

/** To the very next thing that `/upcoming` tells, and then what it told has happened, and nothing else by itself. */
const expectWhatWasTold = async (life: Life): Promise<void> => {
  const told = await life.upcoming();
  const [first] = told;
  if (!first) return;
  const before = await life.log.head();
  const now = await life.advance(Math.max(1, Date.parse(first.dueAt) - life.now()));
  const happened = (await life.events(before)).filter(({ type }) => bySelf.has(type));
  const due = told.filter(({ dueAt }) => Date.parse(dueAt) <= now);
  for (const { type, data } of happened)
    expect(
      due.some(({ kind, subject }) => subject.id === data.domainId && effects[kind]?.includes(type)),
    ).toBe(true);
  for (const { kind, subject, affects } of due) {
    const mine = happened.filter(({ data }) => data.domainId === subject.id).map(({ type }) => type);
    // A look due in the same moment that finds the record leaves nothing to warn of.
    const proved = mine.includes('DomainRevalidated') || mine.includes('DomainVerified');
    if ((kind === 'domain_warning' || kind === 'domain_expiry') && !proved)
      expect(mine).toContain(effects[kind]?.[0]);
    const lapse = happened.find(
      ({ type, data }) => type === 'DomainValidationLapsed' && data.domainId === subject.id,
    );
    if (kind !== 'domain_lapse' || !lapse) continue;
    const removed = (await life.events(before)).filter(
      ({ type, data }) => type === 'UserRemovedFromOrg' && data.cause?.id === lapse.id,
    );
    expect(removed.length).toBe(affects.users);
  }
};

/** What must hold of every lapse that ever was, told by when the record was there and when not. */
const expectRightfulLapses = (life: Life, events: readonly Seen[]): void => {
  for (const { type, data, metadata } of events) {
    if (type !== 'DomainValidationLapsed') continue;
    const domain = Number(/^d(\d+)/.exec(data.domain)?.[1]);
    const [since, at] = [Date.parse(data.unvalidatedSince), Date.parse(metadata.occurredAt)];
    expect(at).toBeGreaterThan(since + GRACE);
    expect(life.zoneAt(domain, at)).toBe('gone');
    expect(life.zoneAt(domain, since)).toBe('gone');
    // Whoever showed the record for longer than a day was seen with it.
    const within = (life.zones[domain] ?? []).filter((change) => change.at > since && change.at < at);
    for (const [index, change] of within.entries())
      if (change.zone === 'there')
        expect((within[index + 1]?.at ?? at) - change.at).toBeLessThan(DAY + 5_000);
  }
};

const expectEverybodyWhereTheyBelong = async (life: Life, events: readonly Seen[]): Promise<void> => {
  const lapsed = new Map<string, boolean>();
  const home = new Map<string, { domain: string; role: string }>();
  const removals = new Map<string, number>();
  for (const { type, data } of events) {
    if (type === 'DomainValidationLapsed') lapsed.set(data.domain, true);
    if (type === 'DomainVerified') lapsed.set(data.domain, false);
    if (type === 'UserJoinedOrg') home.set(data.userId, data);
    if (type === 'UserRemovedFromOrg') {
      home.delete(data.userId);
      const cause = `${data.cause.id}/${data.userId}`;
      removals.set(cause, (removals.get(cause) ?? 0) + 1);
    }
  }
  for (const [userId, { domain, role }] of home)
    if (lapsed.get(domain)) expect([userId, role]).toEqual([ownerId, 'owner']);
  for (const count of removals.values()) expect(count).toBe(1);
  expect(home.get(ownerId)).toBeDefined();
  // None is forgotten: what was gone for so long that it must have lapsed has lapsed.
  for (let domain = 0; domain < DOMAINS; domain += 1) {
    const last = life.zones[domain]?.at(-1);
    if (last?.zone === 'gone' && life.now() - last.at > GRACE + 2 * DAY)
      expect([name(domain), lapsed.get(name(domain))]).toEqual([name(domain), true]);
  }
};

/** Invariant 9: everything that is read is what the log makes of it. */
const expectTheSameByReplay = async (life: Life): Promise<void> => {
  await life.advance(1);
  await life.serving.stop();
  const stores = await openStores(life.settings);
  const scratch: Scratch = await scratchDocuments();
  const master = MasterKey.load(undefined, life.folder);
  const events = readableEvents(stores.events, catalogue, new PersonalKeys(stores.keys, master));
  const anew = new Projector(events, scratch.store, projections, {
    progressed: () => {},
    quarantined: () => {},
    interrupted: () => {},
  });
  try {
    await anew.start();
    await anew.waitFor(await events.head(), 60_000);
    for (const { name: projection } of projections) {
      const build = anew.served(projection) as string;
      const kept = (await dumpOf(stores.readModels, build)).split('\n');
      const replayed = (await dumpOf(scratch.store, build)).split('\n');
      const unlike = [
        ...kept.filter((line) => !replayed.includes(line)),
        ...replayed.filter((line) => !kept.includes(line)),
      ];
      expect([projection, unlike]).toEqual([projection, []]);
    }
  } finally {
    await anew.stop();
    await scratch.close();
    await stores.close();
  }
  await life.start();
};

describe('a simulated year', () => {
  it(`DOM-12, DOM-13, DOM-15, AMB-05, AMB-10: ${32 + DAYS} days of ${DOMAINS} domains whose records come, go and cannot be read, in processes that are stopped and killed: lapses are rightful, none is forgotten, upcoming told the truth, and replay gives the same`, async () => {
    let lapses = 0;
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(turn), turn, async (turns, first) => {
        const life = new Life();
        try {
          await life.settleIn();
          const last = life.now() + DAYS * DAY;
          // Every life begins with a domain that is lost.
          await life.setZone(0, 'gone');
          await expectWhatWasTold(life);
          const lost = life.now() + 32 * DAY;
          await life.killedOnTheWay(32 * DAY, first.killedAfter);
          await life.advance(Math.max(1, lost - life.now()));
          for (const { zones, changed, days, end, killedAfter } of turns) {
            if (life.now() >= last) break;
            for (const [domain, zone] of zones.entries())
              if (changed[domain]) await life.setZone(domain, zone);
            if (end === 'stopped') await life.restart();
            await expectWhatWasTold(life);
            const until = life.now() + days * DAY;
            if (end === 'killed') await life.killedOnTheWay(days * DAY, killedAfter);
            await life.advance(Math.max(1, until - life.now()));
            const events = await life.events();
            expectRightfulLapses(life, events);
            await expectEverybodyWhereTheyBelong(life, events);
            // A domain that lapsed is proved again, and its people come back.
            for (let domain = 0; domain < DOMAINS; domain += 1) {
              const newest = events.findLast(
                ({ type, data }) =>
                  data.domain === name(domain) &&
                  (type === 'DomainValidationLapsed' || type === 'DomainVerified'),
              );
              if (newest?.type !== 'DomainValidationLapsed') continue;
              lapses += 1;
              await life.restore(await life.addDomain(domain));
              const back = (await life.events()).filter(
                ({ type, data }) =>
                  type === 'UserJoinedOrg' && data.via === 'restore' && data.domain === name(domain),
              );
              expect(back.length % PEOPLE).toBe(0);
              expect(back.length).toBeGreaterThan(0);
            }
          }
          await expectTheSameByReplay(life);
        } finally {
          await life.end();
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    process.stdout.write(`  ${lapses} lapses in ${RUNS} lives\n`);
    expect(lapses).toBeGreaterThanOrEqual(RUNS);
  });
});
