import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '../support/crowd.ts';
import { type Bench, brokenBy } from './bench.ts';
import type { Child } from './child.ts';
import { GroupCommitFloor, inviteRow } from './group-commit-floor.ts';
import type { HttpConnection } from './http-connection.ts';
import { underLoad, type Window, type WindowLoad } from './load.ts';
import {
  connections,
  mailedToken,
  type Owner,
  proveDomain,
  settled,
  signUp,
  signUpOwner,
  startProduct,
} from './product.ts';
import { intoSealed } from './seeds.ts';

interface Shown {
  readonly importId: string;
  readonly status: string;
  readonly imported: number;
  readonly selected: number;
  readonly position: string;
}

const acknowledgements = ['usersInformed'];
/** Whoever watches an import is one of those who ask: seldom. */
const LOOK_MS = 100;
/** In the organization already, so that a list shows as many before an import as after it. */
const COLLEAGUES = 200;
const DOMAIN = 'prime.example';
/** Longer than any import. */
const AT_MOST_MS = 600_000;

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
      await sleep(LOOK_MS);
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

/** Who comes into the organization, so many of them. */
interface Coming {
  readonly part: string;
  readonly name: string;
  readonly count: number;
  readonly one: (crowd: Crowd) => Promise<unknown>;
}

/** Colleagues, and those who are coming, in a log that is stopped. */
const crowded = (folder: string, organizationId: string, { count, one }: Coming): Promise<void> =>
  intoSealed(folder, async (events) => {
    const crowd = new Crowd(events);
    const many = async (wanted: number, seed: () => Promise<unknown>): Promise<void> => {
      for (let done = 0; done < wanted; done += 500)
        await Promise.all(Array.from({ length: Math.min(500, wanted - done) }, seed));
    };
    const home = { organizationId, role: 'standard_user' } as const;
    await many(COLLEAGUES, () => crowd.person('beside.example', home));
    await many(count, () => one(crowd));
  });

/** The product in a process of its own, an organization that may import them, and everything shown. */
const prepared = async (
  folder: string,
  coming: Coming,
  others: (url: string) => Promise<unknown> = async () => undefined,
): Promise<{ product: Child; owner: Owner; domainId: string }> => {
  const empty = await startProduct(folder);
  await others(empty.url);
  const owner = await signUpOwner(empty.url, 'beside.example');
  const [signedIn] = (await connections(empty.url, 1, owner.token)) as [HttpConnection];
  const domainId = await proveDomain(signedIn, owner.organizationId, DOMAIN);
  signedIn.close();
  await empty.stop();
  await crowded(folder, owner.organizationId, coming);
  const follower = await startProduct(folder);
  await settled(follower.url);
  await follower.stop();
  return { product: await startProduct(folder), owner, domainId };
};

/** P16 bounds what the process itself needs; what is resident has its program and pages of the read models too. */
const memoryOf = async (
  { report }: Bench,
  { product, people, upload }: { product: Child; people: number; upload: () => Promise<number> },
): Promise<void> => {
  const before = { resident: product.residentMb, own: product.ownMb };
  const begun = performance.now();
  const uploading = upload();
  const peak = await product.peakMbWhile(uploading);
  const megabytes = (await uploading) / 1_000_000;
  const seconds = (performance.now() - begun) / 1_000;
  const measures = { own: 'memory of its own', resident: 'resident memory' } as const;
  for (const [measure, called] of Object.entries(measures) as [keyof typeof measures, string][])
    report.figure({
      name: `${called} while a file of ${people} rows is downloaded and uploaded`,
      unit: 'MB',
      values: [peak[measure]],
      ...(measure === 'own' ? { goal: { atMost: 256 } } : {}),
      note: `${before[measure].toFixed(0)} MB before; ${megabytes.toFixed(1)} MB of CSV, ${seconds.toFixed(1)} s`,
    });
};

/** What is done beside those who read. */
interface Moving {
  readonly name: string;
  readonly count: number;
  /** @returns how many have come, when all of them have */
  readonly move: () => Promise<number>;
}

/** Reads of somebody in the organization before it, from its start to its end, and when all of it is shown. */
const noticed = async (
  bench: Bench,
  { product, owner }: { product: Child; owner: Owner },
  { name, count, move }: Moving,
): Promise<void> => {
  const listed = `/v1/organizations/${owner.organizationId}/users?kind=managed&limit=50`;
  const window = { workers: 2, warmMs: bench.pick(100, 1_000), measureMs: bench.pick(300, 5_000) };
  // What has just started is slower than what is idle.
  const quiet = { ...window, warmMs: bench.pick(100, 5_000) };
  // On connections of their own: one that rests meanwhile is closed.
  const read = async (asked: Window): Promise<WindowLoad> => {
    const open = await connections(product.url, window.workers, owner.token);
    const load = await underLoad(asked, (worker) => (open[worker] as HttpConnection).json('GET', listed));
    for (const connection of open) connection.close();
    return load;
  };
  const floor = new GroupCommitFloor(bench.folder(`${name}-floor`.replaceAll(' ', '-')), inviteRow, 5_000);
  const before = await floor.c64(window);
  const idle = await read(quiet);
  const started = performance.now();
  const ended = move();
  const meanwhile = await read({ ...window, measureMs: AT_MOST_MS, end: ended });
  const came = await ended;
  const perSecond = (came * 1_000) / (performance.now() - started);
  await settled(product.url);
  const after = await read(quiet);
  const committed = (before.perSecond + (await floor.c64(window)).perSecond) / 2;
  floor.close();
  const of = ({ p50, p99 }: WindowLoad): string => `${p50.toFixed(2)}/${p99.toFixed(2)} ms`;
  const broken = brokenBy(
    [idle, meanwhile, after],
    came === count ? undefined : `${came} of ${count} have come`,
  );
  bench.report.figure({
    name: `GET users c2 during ${name}, p99`,
    unit: 'ms',
    values: [meanwhile.p99],
    floor: { name: 'idle', values: [idle.p99] },
    goal: { ratioAtMost: 4 },
    note: `p50/p99 of ${meanwhile.count} reads ${of(meanwhile)}, idle ${of(idle)}, idle after it ${of(after)}: ${(meanwhile.p99 / after.p99).toFixed(2)} times`,
    broken,
  });
  bench.report.figure({
    name: `${name} while they are read`,
    unit: 'people/s',
    values: [perSecond],
    floor: { name: 'group commit c64', values: [committed] },
    durability: 'D1',
    note: `${Math.round(meanwhile.perSecond)} reads/s, idle ${Math.round(idle.perSecond)}/s`,
    broken,
  });
};

const beside = async (bench: Bench, coming: Coming, isFile: boolean): Promise<void> => {
  const { part, name, count } = coming;
  bench.report.part(part, 'P16, P17: what others notice of an import, over HTTP');
  const { product, owner, domainId } = await prepared(bench.folder(part), coming);
  const [watcher] = (await connections(product.url, 1, owner.token)) as [HttpConnection];
  const importing = new Importing(product, owner, watcher);
  const importId = await importing.ready(domainId);
  if (isFile) {
    const upload = () => importing.select(importId);
    await memoryOf(bench, { product, people: count, upload });
  }
  const move = async () => {
    await importing.start(importId);
    const { imported, selected } = await importing.become(importId, 'completed');
    return Math.min(imported, selected);
  };
  await noticed(bench, { product, owner }, { name, count, move });
  watcher.close();
  await product.stop();
};

/** What others notice when the Owner of a large organization accepts that it is merged into theirs. */
export const besideMerge = async (bench: Bench): Promise<void> => {
  bench.report.part('merge-beside', 'P17: what others notice of the merge of one organization, over HTTP');
  const [name, count] = ['a merge', bench.pick(200, 10_000)];
  let other: Owner | undefined;
  let seeded = 0;
  const one = async (crowd: Crowd): Promise<void> => {
    const { organizationId } = other as Owner;
    const member = await crowd.person(DOMAIN, { organizationId, role: 'standard_user' });
    if (seeded++ % 4 === 0) await crowd.account(organizationId, member);
  };
  const folder = bench.folder('merge-beside');
  const coming = { part: 'merge-beside', name, count: count - 1, one };
  const { product, owner } = await prepared(folder, coming, async (url) => {
    other = await signUp(url, DOMAIN);
  });
  const merges = `/v1/organizations/${owner.organizationId}/merges`;
  const [watcher] = (await connections(product.url, 1, owner.token)) as [HttpConnection];
  const [theirs] = (await connections(product.url, 1, other?.token)) as [HttpConnection];
  const offer = { candidateOwnerEmail: `owner@${DOMAIN}`, role: 'standard_user' };
  const { mergeId } = await watcher.json<{ mergeId: string }>('POST', merges, offer);
  const token = await mailedToken(theirs, offer.candidateOwnerEmail, 'invitation');
  // Whoever accepts is answered when it is done, or after two seconds.
  const move = async (): Promise<number> => {
    const over = async (): Promise<number> => {
      for (;;) {
        const path = `${merges}/${mergeId}`;
        const { status, users } = await watcher.json<{ status: string; users: number }>('GET', path);
        if (status === 'completed') return users;
        if (status === 'failed') throw new Error('the merge failed');
        await sleep(LOOK_MS);
      }
    };
    const accepted = theirs.json('POST', '/v1/invitations/accept', { token });
    return (await Promise.all([over(), accepted]))[0];
  };
  await noticed(bench, { product, owner }, { name, count, move });
  for (const connection of [watcher, theirs]) connection.close();
  await product.stop();
};

export const besidePeople = (bench: Bench): Promise<void> =>
  beside(
    bench,
    {
      part: 'import-beside-people',
      name: 'an import of people',
      count: bench.pick(1_000, 100_000),
      one: (crowd) => crowd.person(DOMAIN),
    },
    true,
  );

export const besideOwners = (bench: Bench): Promise<void> =>
  beside(
    bench,
    {
      part: 'import-beside-owners',
      name: 'an import that merges organizations',
      count: bench.pick(300, 4_000),
      one: (crowd) => crowd.organization({ domain: DOMAIN }),
    },
    false,
  );
