import type { Bench } from './bench.ts';
import type { HttpConnection } from './http-connection.ts';
import { KeysetFloor } from './keyset-floor.ts';
import { quantiles } from './load.ts';
import { connections, type Owner, settled, signUpOwner, startProduct } from './product.ts';
import { accountId, forgetReadModels, type Member, member, organizationOf, seedStopped } from './seeds.ts';

const SMALL = 1_000;

interface Page {
  readonly items: readonly { readonly userId: string }[];
  readonly total: number;
  readonly nextCursor: string | null;
}

/** One organization and how to ask for its people. */
interface Organization {
  readonly mark: string;
  readonly owner: Owner;
  readonly count: number;
}

interface Filter {
  readonly name: string;
  readonly query: (organization: Organization) => string;
  readonly meets: (person: Member) => boolean;
}

const always = () => true;
const never = () => false;

const filters: readonly Filter[] = [
  { name: 'no filter', query: () => '', meets: always },
  { name: 'kind=managed', query: () => 'kind=managed', meets: ({ kind }) => kind === 'managed' },
  { name: 'kind=pending', query: () => 'kind=pending', meets: ({ kind }) => kind === 'pending' },
  {
    name: 'role=administrator',
    query: () => 'role=administrator',
    meets: ({ role }) => role === 'administrator',
  },
  { name: 'role=owner', query: () => 'role=owner', meets: never },
  { name: 'status=active', query: () => 'status=active', meets: ({ kind }) => kind === 'managed' },
  { name: 'status=deactivated', query: () => 'status=deactivated', meets: never },
  {
    name: 'domain',
    query: ({ mark }) => `domain=north.${mark}.example`,
    meets: ({ domain }) => domain.startsWith('north.'),
  },
  { name: 'twoFactorRequired=false', query: () => 'twoFactorRequired=false', meets: always },
  { name: 'twoFactorRequired=true', query: () => 'twoFactorRequired=true', meets: never },
  { name: 'accountId', query: ({ mark, count }) => `accountId=${accountId(mark, count / 2)}`, meets: never },
  {
    name: 'search dense',
    query: () => 'search=m',
    meets: ({ familyName, email }) => familyName.startsWith('m') || email.startsWith('m'),
  },
  {
    name: 'search two letters',
    query: () => 'search=mu',
    meets: ({ familyName, email }) => familyName.startsWith('mu') || email.startsWith('mu'),
  },
  { name: 'search sparse', query: ({ count }) => `search=given${count / 2}`, meets: never },
  {
    name: 'kind+role+domain',
    query: ({ mark }) => `kind=managed&role=administrator&domain=north.${mark}.example`,
    meets: ({ kind, role, domain }) =>
      kind === 'managed' && role === 'administrator' && domain.startsWith('north.'),
  },
];

const sorts = ['name', '-name', 'email', '-email', 'joinedAt', '-joinedAt'] as const;
type Sort = (typeof sorts)[number];

const keyOf = (sort: Sort, { name, email, joinedAt, kind }: Member): string | null => {
  if (sort.endsWith('name')) return name;
  return sort.endsWith('email') ? email : kind === 'pending' ? null : joinedAt;
};

class Asking {
  readonly #organization: Organization;
  readonly #connection: HttpConnection;
  readonly #path: string;
  readonly #filter: Filter;
  readonly #sort: Sort;
  readonly #limit: number;
  readonly times: number[] = [];
  readonly deepTimes: number[] = [];
  total = 0;
  #bound: string | undefined;

  constructor(
    organization: Organization,
    connection: HttpConnection,
    filter: Filter,
    sort: Sort,
    limit: number,
  ) {
    this.#organization = organization;
    this.#connection = connection;
    this.#filter = filter;
    this.#sort = sort;
    this.#limit = limit;
    const query = [`limit=${limit}&sort=${sort}`, filter.query(organization)].filter(Boolean).join('&');
    this.#path = `/v1/organizations/${organization.owner.organizationId}/users?${query}`;
  }

  async first(): Promise<void> {
    const { total, nextCursor, items } = await this.#asked(this.#path, this.times);
    if (items.length < Math.min(this.#limit, total))
      throw new Error(`${this.#path} answered ${items.length} of ${total}`);
    this.total = total;
    if (nextCursor)
      this.#bound = (JSON.parse(Buffer.from(nextCursor, 'base64url').toString()) as [string])[0];
  }

  /** The page after somebody anywhere in the list, as if a caller had walked there; one that is full counts. */
  async deep(): Promise<void> {
    if (this.#bound === undefined) return;
    const { mark, count, owner } = this.#organization;
    for (let tries = 0; tries < 1_000; tries++) {
      const person = member(mark, Math.floor(Math.random() * count));
      if (!this.#filter.meets(person)) continue;
      const keyset = [this.#bound, keyOf(this.#sort, person), `${owner.organizationId}:${person.userId}`];
      const cursor = Buffer.from(JSON.stringify(keyset)).toString('base64url');
      const { items } = await this.#asked(`${this.#path}&cursor=${cursor}`, this.deepTimes);
      if (items.length === this.#limit) return;
      this.deepTimes.pop();
    }
  }

  async #asked(path: string, times: number[]): Promise<Page> {
    const begun = performance.now();
    const { status, text } = await this.#connection.request('GET', path);
    times.push(performance.now() - begun);
    if (status !== 200) throw new Error(`${path} answered ${status} ${text.slice(0, 200)}`);
    return JSON.parse(text) as Page;
  }
}

/** A product that is stopped again, with a small and a large organization; the large one has so many members as asked for. */
export const organized = async (
  folder: string,
  count: number,
): Promise<readonly [Organization, Organization]> => {
  const founding = await startProduct(folder);
  const organizations: readonly [Organization, Organization] = [
    { mark: 'e', count: SMALL, owner: await signUpOwner(founding.url, 'small.example') },
    { mark: 'f', count, owner: await signUpOwner(founding.url, 'large.example') },
  ];
  await founding.stop();
  for (const { mark, owner, count: members } of organizations)
    await seedStopped(
      folder,
      organizationOf(mark, owner.organizationId, owner.userId, members),
      owner.userId,
    );
  forgetReadModels(folder);
  return organizations;
};

/** Made once in a run, the large one of the size of the run. */
export const twoOrganizations = (
  bench: Bench,
): Promise<{ folder: string; organizations: readonly [Organization, Organization] }> =>
  bench.once('organizations', async () => {
    const folder = bench.folder('organizations');
    return { folder, organizations: await organized(folder, largeCount(bench)) };
  });

export const largeCount = (bench: Bench): number => bench.pick(10_000, 1_000_000);

interface Pages {
  readonly name: string;
  readonly times: readonly number[];
  readonly floor: readonly number[];
  readonly total: number;
}

/** First and deep pages of every filter and sort, of the large organization and of the small one in turn. */
async function* pagesOf(
  bench: Bench,
  organizations: readonly Organization[],
  open: readonly HttpConnection[],
): AsyncGenerator<Pages> {
  const samples = bench.pick(9, 60);
  const budgetMs = bench.pick(80, 2_000);
  for (const filter of filters)
    for (const sort of bench.pick<readonly Sort[]>(['name', '-email', 'joinedAt'], sorts)) {
      const askingFor = (limit: number) =>
        organizations.map(
          (organization, index) =>
            new Asking(organization, open[index] as HttpConnection, filter, sort, limit),
        );
      const [few] = askingFor(50) as [Asking];
      await few.first();
      // As many people on the pages of both.
      const asking = askingFor(Math.min(50, few.total || 50));
      for (const each of asking) await each.first();
      for (const each of asking) each.times.length = 0;
      const until = performance.now() + budgetMs;
      for (let sample = 0; sample < samples && (sample < 3 || performance.now() < until); sample++)
        for (const each of asking) {
          await each.first();
          await each.deep();
        }
      const [small, big] = asking as [Asking, Asking];
      const name = `${filter.name}, ${sort}`;
      yield { name: `${name}, first page`, times: big.times, floor: small.times, total: big.total };
      if (big.deepTimes.length > 0 && small.deepTimes.length > 0)
        yield { name: `${name}, deep page`, times: big.deepTimes, floor: small.deepTimes, total: big.total };
    }
}

/** A list from its first page to its last, as a caller who wants them all. */
const walked = async ({ owner, count }: Organization, connection: HttpConnection): Promise<number> => {
  const path = `/v1/organizations/${owner.organizationId}/users?limit=50&sort=name`;
  const begun = performance.now();
  const people = new Set<string>();
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages += 1) {
    const page: Page = await connection.json('GET', cursor ? `${path}&cursor=${cursor}` : path);
    for (const { userId } of page.items) people.add(userId);
    cursor = page.nextCursor;
  }
  if (people.size !== count + 1) throw new Error(`${people.size} of ${count + 1} people were on the pages`);
  return (pages * 1_000) / (performance.now() - begun);
};

export const lists = async (bench: Bench): Promise<void> => {
  const count = largeCount(bench);
  const large = count.toLocaleString('en-US');
  bench.report.part(
    'list',
    `W3, G3: pages of 50 over HTTP, one caller, ${large} users against 1,000, total included`,
  );
  const { folder, organizations } = await twoOrganizations(bench);
  const product = await startProduct(folder);
  const followed = performance.now();
  await settled(product.url);
  bench.report.note(
    `the read models took ${((performance.now() - followed) / 1_000).toFixed(1)} s to follow`,
  );
  const floors = organizations.map(
    ({ mark, count: members }) => new KeysetFloor(bench.folder('lists-floor'), mark, members),
  );
  const floorTimes: [number[], number[]] = [[], []];
  for (let page = 0; page < 2_000; page++)
    for (const [index, floor] of floors.entries()) {
      const begun = performance.now();
      floor.page();
      floorTimes[index]?.push(performance.now() - begun);
    }
  const [floorSmall, floorLarge] = floorTimes.map((times) => quantiles(times).p50) as [number, number];
  bench.report.figure({
    name: `floor: bare keyset page, ${large}`,
    unit: 'ms',
    values: [floorLarge],
    floor: { name: 'at 1,000', values: [floorSmall] },
  });
  const open: HttpConnection[] = [];
  for (const { owner } of organizations) open.push(...(await connections(product.url, 1, owner.token)));
  const within = 1.3;
  if (!bench.smoke) {
    const ratios: number[] = [];
    for await (const { times, floor } of pagesOf(bench, organizations, open))
      ratios.push(quantiles(times).p50 / quantiles(floor).p50);
    bench.report.note(
      `before anybody has read the pages since the start: ${ratios.filter((ratio) => ratio <= within).length} of ${ratios.length} combinations within ${within}, the worst at ${Math.max(...ratios).toFixed(2)}`,
    );
  }
  const rates: number[] = [];
  for (const [index, organization] of organizations.entries())
    rates.push(await walked(organization, open[index] as HttpConnection));
  const [smallRate, largeRate] = rates as [number, number];
  bench.report.figure({
    name: `pages of a walk through all ${large} by name`,
    unit: '/s',
    values: [largeRate],
    floor: { name: 'at 1,000', values: [smallRate] },
  });
  let missed = 0;
  let shown = 0;
  for await (const { name, times, floor, total } of pagesOf(bench, organizations, open)) {
    const row = bench.report.figure({
      name,
      unit: 'ms',
      values: [quantiles(times).p50],
      floor: { name: 'at 1,000', values: [quantiles(floor).p50] },
      goal: { ratioAtMost: within },
      note: `total ${total}`,
      quiet: true,
    });
    shown += 1;
    if (!row.met) missed += 1;
  }
  bench.report.note(`${shown - missed} of ${shown} combinations within ${within}`);
  for (const connection of open) connection.close();
  for (const floor of floors) floor.close();
  await product.stop();
};
