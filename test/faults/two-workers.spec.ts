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
  /** Misses of the proof, and of how many domains; the look itself may be cut off after it has told of one. */
  const seen = async (): Promise<{ misses: number; domains: number }> => {
    const missed: string[] = [];
    for await (const batch of events().readAll())
      for (const { type, stream } of batch) if (type === 'DomainRecheckFailed') missed.push(stream);
    return { misses: missed.length, domains: new Set(missed).size };
  };

  it(`DOM-12, DOM-13: ${DOMAINS} looks due at once, the worker that makes them is killed: the other goes on, each counts once`, async () => {
    const due = domainsDueAt({ organizationId }, DOMAINS, Date.now() - 1_000);
    await appendAll(events(), due, 'usr_somebody');
    await until(seen, ({ domains }) => domains > DOMAINS / 4);
    await first.kill();
    await until(seen, ({ domains }) => domains === DOMAINS);
    expect(await seen()).toEqual({ misses: DOMAINS, domains: DOMAINS });
    expect((await api.operator.get('/v1/operations/parked')).items).toEqual([]);
  }, 90_000);
});
