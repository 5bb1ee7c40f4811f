import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Serving, serve } from '#application';
import type { EventStore } from '#event-store';
import { LogHead } from '#queries';
import { readSettings } from '#settings';
import { domainsDueAt } from '../bench/domain-checks.part.ts';
import { appendAll } from '../bench/seeds.ts';
import { backends, Product, until } from '../support/product.ts';
import { Product as Killable } from './product.ts';

const DOMAINS = process.env.ORGLEDGER_LONG === '1' ? 3_000 : 300;
const [, servers] = backends;
const organizationId = `org_${'a'.repeat(32)}`;

type Seen = Record<string, [looks: number, misses: number]>;

describe(`two workers on ${servers?.name}`, () => {
  let api: Product;
  let first: Killable;
  let second: Serving;

  beforeAll(async () => {
    if (!servers) throw new Error('no servers');
    api = await Product.start(servers, { settings: { ORGLEDGER_ROLE: 'api' } });
    const settings = { ...api.environment, ORGLEDGER_ROLE: 'all', ORGLEDGER_PUBLIC_URL: api.url };
    first = await Killable.start(api.folder, settings);
    second = await serve(readSettings(settings), '0.0.0-test', 'worker');
  }, 60_000);
  afterAll(async () => {
    await first?.kill();
    await second?.stop();
    await api.stop();
  });

  const events = (): EventStore => api.serving.app.get(LogHead) as unknown as EventStore;
  /** How often each domain was looked at, and how often its proof was missed. */
  const seen = async (): Promise<Seen> => {
    const found: Seen = {};
    for await (const batch of events().readAll())
      for (const { type, data } of batch) {
        const { domainId } = data as { domainId: string };
        const [looks, misses] = found[domainId] ?? [0, 0];
        if (type === 'DomainChecked') found[domainId] = [looks + 1, misses];
        if (type === 'DomainRecheckFailed') found[domainId] = [looks, misses + 1];
      }
    return found;
  };

  it(`DOM-12, DOM-13: ${DOMAINS} looks due at once, the worker that makes them is killed: the other goes on, each counts once`, async () => {
    const due = domainsDueAt({ organizationId }, DOMAINS, Date.now() - 1_000);
    await appendAll(events(), due, 'usr_somebody');
    await until(seen, (found) => Object.keys(found).length > DOMAINS / 4);
    await first.kill();
    await until(
      seen,
      (found: Seen) => Object.values(found).filter(([looks]) => looks > 0).length === DOMAINS,
    );
    const found = Object.values(await seen());
    expect(found.filter(([looks, misses]) => looks !== 1 || misses !== 1)).toEqual([]);
    expect((await api.operator.get('/v1/operations/parked')).items).toEqual([]);
  }, 90_000);
});
