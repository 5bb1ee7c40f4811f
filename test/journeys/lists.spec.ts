import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Projector } from '#read-models';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, until } from '../support/product.ts';

const PEOPLE = 130;
const DOMAINS = 40;

describe.each(backends)('lists on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let domain: string;

  beforeAll(async () => {
    product = await Product.start(backend, { settings: { ORGLEDGER_PENDING_INVITATIONS: '1000' } });
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    for (let n = 0; n < PEOPLE; n += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, m) =>
          product.invite(
            anna,
            `p${((n + m) * 7919) % 1000}-${n + m}@${domain}`,
            m % 3 === 0 ? 'administrator' : 'standard_user',
          ),
        ),
      );
    for (let n = 0; n < DOMAINS; n++)
      await anna.call.post(anna.path('/domains'), {
        domain: product.domain(`d${(n * 37) % 100}`),
        method: 'dns_txt',
      });
    await until(
      () => anna.call.get(anna.path(`/invitations?limit=1&${at(String(0))}`)),
      ({ total }) => total === PEOPLE,
    );
    await product.quiet(anna);
    await anna.call.get(anna.path(`/users?limit=1&${at(String(await product.head()))}`));
  }, 60_000);
  afterAll(() => product.stop());

  const get = (rest: string): Promise<Json> => anna.call.get(anna.path(rest));
  const refused = (code: string, rest: string, status = 400): Promise<Json> =>
    anna.call.refused(status, code, 'GET', anna.path(rest));

  describe('paging', () => {
    const keys = {
      users: 'userId',
      invitations: 'invitationId',
      domains: 'domainId',
      'audit-events': 'id',
    } as const;
    const sorts = [
      ['users', '', ({ email }: Json) => `${email}`],
      ['users', 'name', undefined],
      ['users', 'email', ({ email }: Json) => email],
      ['users', 'joinedAt', ({ joinedAt }: Json) => joinedAt ?? ''],
      ['invitations', 'sentAt', ({ sentAt }: Json) => sentAt],
      ['invitations', 'email', ({ email }: Json) => email],
      ['domains', 'domain', (item: Json) => item.domain],
      ['domains', 'status', ({ status }: Json) => status],
    ] as const;

    it.each(sorts)('%s by %s: every item once, in order, in both directions', async (list, sort, key) => {
      const id = keys[list];
      const read = async (direction: string, limit: number): Promise<Json[]> =>
        anna.call.all(anna.path(`/${list}?limit=${limit}${sort ? `&sort=${direction}${sort}` : ''}`));
      const all = (await get(`/${list}?limit=200`)).items;
      expect(all).toHaveLength((await get(`/${list}?limit=1`)).total);
      for (const limit of [7, 50, 200]) {
        const up = await read('', limit);
        const down = await read('-', limit);
        expect(new Set(up.map((item) => item[id]))).toEqual(new Set(all.map((item: Json) => item[id])));
        expect(up).toHaveLength(all.length);
        if (sort) expect(down.map((item) => item[id])).toEqual(up.map((item) => item[id]).reverse());
        if (!key || !sort) continue;
        const values = up.map(key);
        expect(values).toEqual(values.toSorted());
      }
    });

    it('the audit history comes newest first, page by page', async () => {
      const paged = await anna.call.all(anna.path('/audit-events?limit=50'));
      const positions = paged.map(({ position }) => Number(position));
      expect(positions).toEqual(positions.toSorted((a, b) => b - a));
      expect(new Set(paged.map(({ id }) => id)).size).toBe((await get('/audit-events?limit=1')).total);
    });

    it('a page knows total, position and time; filters count', async () => {
      const page = await get('/users?kind=pending&limit=10');
      expect(page).toMatchObject({ total: PEOPLE, nextCursor: expect.any(String) });
      expect(page.items).toHaveLength(10);
      expect(page.position).toMatch(/^\d+$/);
      expect(new Date(page.asOf).toISOString()).toBe(page.asOf);
      const administrators = await anna.call.all(
        anna.path('/users?kind=pending&role=administrator&limit=25'),
      );
      expect(administrators.every(({ role }) => role === 'administrator')).toBe(true);
      expect(administrators).toHaveLength(
        (await get('/users?kind=pending&role=administrator&limit=1')).total,
      );
      expect((await get(`/users?domain=${domain}&status=active`)).total).toBe(1);
      expect((await get('/users?search=BERG')).items.map(({ userId }: Json) => userId)).toEqual([
        anna.userId,
      ]);
      expect((await get('/users?search=anna&role=standard_user')).total).toBe(0);
      expect((await get(`/users?accountId=${anna.accountId}`)).total).toBe(1);
      expect((await get('/users?twoFactorRequired=true')).total).toBe(0);
      expect(
        (await get(`/accounts?ownerId=${anna.userId}&kind=managed&status=active&search=first`)).total,
      ).toBe(1);
    });

    it('a cursor belongs to its list, its filters and its sort, whatever the limit', async () => {
      const { nextCursor } = await get('/users?kind=pending&limit=5');
      await get(`/users?kind=pending&limit=50&cursor=${nextCursor}`);
      for (const query of [
        `/users?cursor=${nextCursor}`,
        `/users?kind=managed&cursor=${nextCursor}`,
        `/users?kind=pending&sort=-name&cursor=${nextCursor}`,
        `/users?kind=pending&search=p&cursor=${nextCursor}`,
        `/users?kind=pending&asOf=1&cursor=${nextCursor}`,
        `/invitations?cursor=${nextCursor}`,
        `/users?kind=pending&cursor=${nextCursor.slice(0, -3)}`,
        '/users?cursor=nonsense',
      ])
        await refused('cursor_invalid', query);
      const [bound, value, id] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString());
      for (const place of [[bound], [bound, value], [bound, id, 1], [bound, value, id, id]]) {
        const cut = Buffer.from(JSON.stringify(place)).toString('base64url');
        await refused('cursor_invalid', `/users?kind=pending&cursor=${cut}`);
      }
    });

    it('somebody who joins between two pages changes neither what was read nor what comes', async () => {
      const [first, rest]: [Json, Json[]] = [await get('/users?kind=pending&sort=email&limit=60'), []];
      await product.invite(anna, `aaa-first@${domain}`);
      for (let cursor = first.nextCursor; cursor !== null; ) {
        const page = await get(`/users?kind=pending&sort=email&limit=60&cursor=${cursor}`);
        rest.push(...page.items);
        cursor = page.nextCursor;
      }
      const read = [...first.items, ...rest].map(({ userId }) => userId);
      expect(read).toHaveLength(PEOPLE);
      expect(new Set(read).size).toBe(PEOPLE);
    });
  });

  describe('shape', () => {
    it.each([
      '/users?color=red',
      '/users?kind=king',
      '/users?kind=managed&kind=pending',
      '/users?kind[$ne]=managed',
      '/users?limit=0',
      '/users?limit=201',
      '/users?limit=ten',
      '/users?sort=role',
      '/users?twoFactorRequired=perhaps',
      '/users?minPosition=-1',
      '/users?asOf=yesterday',
      '/users?asOf=2026-02-30T00:00:00Z',
      '/accounts?ownerId=nobody',
      '/domains?status=lost',
      '/invitations?sort=expiresAt',
      '/audit-events?from=yesterday',
      '/audit-events?sort=type',
      '/summary?kind=managed',
      '?name=x',
    ])('%s is refused with the field’s name', async (rest) => {
      const { errors } = await refused('validation_failed', rest);
      expect(rest).toContain(errors[0].field.replace(/\[.*/, ''));
    });

    it('a position that nobody has named is refused', async () => {
      const beyond = (await product.head()) * 2 + 1_000_000;
      for (const field of ['minPosition', 'asOf'])
        for (const list of ['users', 'audit-events', 'summary'])
          await refused('position_unknown', `/${list}?${field}=${beyond}`, 400);
    });
  });

  describe('minPosition', () => {
    it('a read that asks for it always shows one’s own change', async () => {
      const replies = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const { userId, position } = await product.invite(anna, `own-${n}@${domain}`);
          const { items } = await get(`/users?search=own-${n}@${domain}&${at(position)}`);
          return items[0]?.userId === userId;
        }),
      );
      expect(replies).toEqual(Array(20).fill(true));
    });
  });

  it('P7: an answer tells the position of what it shows, also while another read model is first filled', async () => {
    const position = String(await product.quiet(anna));
    const { positionOf } = Projector.prototype;
    const filling = jest.spyOn(Projector.prototype, 'positionOf').mockImplementation(function (
      this: Projector,
      name,
    ) {
      return name === 'removals' ? -1 : positionOf.call(this, name);
    });
    try {
      for (const path of [
        '/summary',
        '/users',
        '/import-candidates',
        `/users/${anna.userId}/explain?field=role`,
      ])
        expect(await get(path)).toMatchObject({ position });
    } finally {
      filling.mockRestore();
    }
  });

  describe('asOf', () => {
    const paths = [
      '',
      '/summary',
      '/users?limit=200',
      '/users?kind=pending&sort=email&limit=3',
      '/accounts',
      '/domains?limit=200',
      '/invitations?status=pending&limit=200',
      '/audit-events?limit=200',
    ];
    const reads = (query: string): Promise<Json[]> =>
      Promise.all(
        paths.map(async (path) => {
          const {
            position: _,
            asOf: __,
            nextCursor: ___,
            ...body
          } = await get(`${path}${path.includes('?') ? '&' : '?'}${query}`);
          return body;
        }),
      );

    it('by position and by time, on every list, what was true then', async () => {
      await product.quiet(anna);
      const { position } = await anna.call.patch(anna.path(), { name: 'A name for a while' });
      const before = await reads(at(position));
      const { asOf } = await get(`/users?${at(position)}`);
      await until(
        async () => Date.now(),
        (now) => now > Date.parse(asOf) + 1,
      );
      await anna.call.patch(anna.path(), { name: 'Quite another name' });
      await anna.call.patch(anna.path(`/users/${anna.userId}`), { familyName: 'Aardvark' });
      await anna.call.patch(`/v1/accounts/${anna.accountId}`, { name: 'Another account' });
      await product.verifiedDomain(anna, product.domain('later'));
      const later = await product.invite(anna, `later@${domain}`);
      const [{ invitationId }] = (await get('/invitations?status=pending&sort=email&limit=1')).items;
      await anna.call.post(anna.path(`/invitations/${invitationId}/cancel`));
      const head = String(await product.quiet(anna));
      expect(await reads(`asOf=${position}&${at(head)}`)).toEqual(before);
      expect(await reads(`asOf=${encodeURIComponent(asOf)}`)).toEqual(before);
      expect(await reads(`asOf=${encodeURIComponent(asOf.replace('Z', '+00:00'))}`)).toEqual(before);
      const now = await reads(at(head));
      for (const [index, body] of now.entries())
        expect([paths[index], body]).not.toEqual([paths[index], before[index]]);
      expect(await reads(`asOf=${head}`)).toEqual(now);
      expect(await reads(`asOf=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`)).toEqual(
        now,
      );
      const pages = await anna.call.all(anna.path(`/users?asOf=${position}&limit=40`));
      expect(pages).toHaveLength(before[2].total);
      await anna.call.get(anna.path(`/users/${later.userId}`));
      await refused('not_found', `/users/${later.userId}?asOf=${position}`, 404);
      expect((await get(`?asOf=${position}`)).name).toBe(before[0].name);
    });

    it('before the organization began there was nothing', async () => {
      for (const list of ['users', 'domains', 'audit-events'])
        expect(await get(`/${list}?asOf=2000-01-01T00:00:00Z`)).toMatchObject({ items: [], total: 0 });
      await refused('not_found', '?asOf=2000-01-01T00:00:00Z', 404);
    });
  });

  describe('the audit history', () => {
    it('takes its filters in any combination', async () => {
      const all = await anna.call.all(anna.path('/audit-events?limit=200'));
      const chosen = all.find(({ type }) => type === 'InviteSent');
      const verified = all.find(({ type }) => type === 'DomainVerified');
      for (const one of [chosen, verified, all.at(-1)]) {
        const tests: Record<string, [string | undefined, (item: Json) => boolean]> = {
          type: [one.type, ({ type }) => type === one.type],
          actorId: [one.actor.id, ({ actor }) => actor.id === one.actor.id],
          resourceId: [one.resource.id, ({ resource }) => resource.id === one.resource.id],
          userId: [one.data.userId, ({ data }) => data.userId === one.data.userId],
          sourceIp: [one.sourceIp ?? undefined, ({ sourceIp }) => sourceIp === one.sourceIp],
          correlationId: [one.correlationId, ({ correlationId }) => correlationId === one.correlationId],
          from: [one.occurredAt, ({ occurredAt }) => occurredAt >= one.occurredAt],
          to: [all[0].occurredAt, ({ occurredAt }) => occurredAt < all[0].occurredAt],
        };
        const filters = Object.entries(tests).filter(([, [value]]) => value !== undefined);
        for (let mask = 0; mask < 2 ** filters.length; mask += 1) {
          const used = filters.filter((_, bit) => mask & (1 << bit));
          const query = new URLSearchParams(used.map(([name, [value]]) => [name, value ?? '']));
          const wanted = all.filter((item) => used.every(([, [, test]]) => test(item)));
          const { items, total } = await get(`/audit-events?limit=200&${query}`);
          expect([`${query}`, total]).toEqual([`${query}`, wanted.length]);
          expect(items.map(({ id }: Json) => id)).toEqual(wanted.slice(0, 200).map(({ id }) => id));
        }
      }
    }, 60_000);
  });
});
