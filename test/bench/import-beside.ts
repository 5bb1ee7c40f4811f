import { setTimeout as sleep } from 'node:timers/promises';
import { openStores } from '#application';
import { readSettings } from '#settings';
import { Crowd } from '../support/crowd.ts';
import { type Bench, brokenBy } from './bench.ts';
import type { Child } from './child.ts';
import type { HttpConnection } from './http-connection.ts';
import { type Load, underLoad } from './load.ts';
import {
  connections,
  type Owner,
  productEnv,
  proveDomain,
  settled,
  signUpOwner,
  startProduct,
} from './product.ts';
import { policiesHaveSeenAll } from './seeds.ts';

interface Shown {
  readonly importId: string;
  readonly status: string;
  readonly imported: number;
  readonly selected: number;
  readonly position: string;
}

const acknowledgements = ['usersInformed'];

/** By the calls of somebody who manages the organization. */
class Importing {
  readonly #product: Child;
  readonly #owner: Owner;
  readonly #connection: HttpConnection;

  constructor(product: Child, owner: Owner, connection: HttpConnection) {
    this.#product = product;
    this.#owner = owner;
    this.#connection = connection;
  }

  #path(importId = '', rest = ''): string {
    return `/v1/organizations/${this.#owner.organizationId}/imports${importId && `/${importId}`}${rest}`;
  }

  async become(importId: string, status: string, position = '0'): Promise<Shown> {
    for (;;) {
      const path = this.#path(importId, `?minPosition=${position}`);
      const shown = await this.#connection.json<Shown>('GET', path);
      if (shown.status === status) return shown;
      await sleep(20);
    }
  }

  async ready(domainId: string): Promise<string> {
    const body = { domainIds: [domainId] };
    const { importId, position } = await this.#connection.json<Shown>('POST', this.#path(), body);
    await this.become(importId, 'ready', position);
    return importId;
  }

  start(importId: string): Promise<unknown> {
    return this.#connection.json('POST', this.#path(importId, '/start'), { acknowledgements });
  }

  /** The report, downloaded and uploaded again as it is. @returns its bytes */
  async select(importId: string): Promise<number> {
    const headers = { authorization: `Bearer ${this.#owner.token}` };
    const report = await fetch(this.#product.url + this.#path(importId, '/report.csv'), { headers });
    const body = Buffer.from(await report.arrayBuffer());
    const answer = await fetch(this.#product.url + this.#path(importId, '/selection'), {
      method: 'PUT',
      body,
      headers: { ...headers, 'content-type': 'text/csv' },
    });
    if (!answer.ok) throw new Error(`the selection was refused: ${await answer.text()}`);
    return body.length;
  }
}

/** People of one domain who are nowhere, and Owners of another with an organization each, in a log that is stopped. */
const crowded = async (folder: string, people: number, owners: number): Promise<void> => {
  const { events, close } = await openStores(readSettings(productEnv(folder)));
  const crowd = new Crowd(events);
  const many = async (count: number, one: () => Promise<unknown>): Promise<void> => {
    for (let done = 0; done < count; done += 500)
      await Promise.all(Array.from({ length: Math.min(500, count - done) }, one));
  };
  await many(people, () => crowd.person('people.example'));
  await many(owners, () => crowd.organization({ domain: 'owners.example' }));
  const head = await events.head();
  await close();
  await policiesHaveSeenAll(folder, head);
};

/** A file of many rows, and what others notice of imports and merges, over HTTP, the product in a process of its own. */
export const besideImports = async (bench: Bench): Promise<void> => {
  const people = bench.pick(600, 100_000);
  const owners = bench.pick(60, 4_000);
  const folder = bench.folder('import-beside');
  bench.report.part('import-beside', 'P16, P17: a large file, and what others notice of imports and merges');
  const empty = await startProduct(folder);
  const owner = await signUpOwner(empty.url, 'beside.example');
  const domainIds: string[] = [];
  const [signedIn] = (await connections(empty.url, 1, owner.token)) as [HttpConnection];
  for (const domain of ['people.example', 'owners.example'])
    domainIds.push(await proveDomain(signedIn, owner.organizationId, domain));
  signedIn.close();
  await empty.stop();
  await crowded(folder, people, owners);

  const follower = await startProduct(folder);
  await settled(follower.url);
  await follower.stop();
  const product = await startProduct(folder);
  const [watcher] = (await connections(product.url, 1, owner.token)) as [HttpConnection];
  const importing = new Importing(product, owner, watcher);
  const listed = `/v1/organizations/${owner.organizationId}/users?kind=managed&limit=50`;
  const window = { workers: 2, warmMs: bench.pick(100, 1_000), measureMs: bench.pick(300, 5_000) };
  // On connections of their own: one that rests while an import goes on is closed.
  const read = async (): Promise<Load> => {
    const open = await connections(product.url, window.workers, owner.token);
    const load = await underLoad(window, (worker) => (open[worker] as HttpConnection).json('GET', listed));
    for (const connection of open) connection.close();
    return load;
  };
  const [ofPeople = '', ofOwners = ''] = domainIds;
  const file = await importing.ready(ofPeople);
  const before = { resident: product.residentMb, own: product.ownMb };
  const begun = performance.now();
  let bytes = 0;
  const selecting = importing.select(file).then((length) => {
    bytes = length;
  });
  const peak = await product.peakMbWhile(selecting);
  const seconds = (performance.now() - begun) / 1_000;
  // P16 bounds what the process itself needs; what is resident has its program and pages of the read models too.
  const measures = { own: 'memory of its own', resident: 'resident memory' } as const;
  for (const [measure, called] of Object.entries(measures) as [keyof typeof measures, string][])
    bench.report.figure({
      name: `${called} while a file of ${people} rows is downloaded and uploaded`,
      unit: 'MB',
      values: [peak[measure]],
      goal: { atMost: 256 },
      note: `${before[measure].toFixed(0)} MB before; ${(bytes / 1_000_000).toFixed(1)} MB of CSV, ${seconds.toFixed(1)} s`,
    });
  const runs = [
    ['an import of people', file, people],
    ['an import that merges organizations', await importing.ready(ofOwners), owners],
  ] as const;
  for (const [name, importId, count] of runs) {
    const idle = await read();
    await importing.start(importId);
    const started = performance.now();
    const beside: Load = await read();
    const { imported, selected } = await importing.become(importId, 'completed');
    const perSecond = (imported * 1_000) / (performance.now() - started);
    await settled(product.url);
    const after = await read();
    bench.report.figure({
      name: `GET users c2 during ${name}, p99`,
      unit: 'ms',
      values: [beside.p99],
      floor: { name: 'idle', values: [idle.p99] },
      goal: { ratioAtMost: 4 },
      note: `${Math.round(perSecond)} people/s; ${Math.round(beside.perSecond)} reads/s, idle ${Math.round(idle.perSecond)}/s, after it ${Math.round(after.perSecond)}/s and p99 ${after.p99.toFixed(2)} ms: then the list has more to show`,
      broken: brokenBy(
        [idle, beside, after],
        imported === count && selected === count ? undefined : `${imported} of ${count} were imported`,
      ),
    });
  }
  watcher.close();
  await product.stop();
};
