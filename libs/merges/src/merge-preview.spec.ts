import { describe, expect, it } from '@jest/globals';
import type { VerifiedDomains } from '#domains';
import type { ListRequest, ReadModels } from '#read-models';
import type { Candidate, Size } from './candidate.ts';
import { MergePreview } from './merge-preview.ts';

const user = (n: number) => ({
  userId: `usr_${n}`,
  role: n === 0 ? 'owner' : 'standard_user',
  email: `${n}@one.example`,
  domain: n % 2 === 0 ? 'one.example' : 'two.example',
  name: `somebody ${n}@one.example`,
  joinedAt: `2026-01-01T00:00:00.${String(n).padStart(4, '0')}Z`,
  _id: `usr_${n}`,
});
const sized = (at: number, users: number): Size => ({
  coming: { users, accounts: 0 },
  managers: 1,
  accounts: 0,
  hasVerifiedDomains: false,
  state: `${at}/0`,
  position: at,
});

/** Over so many users of whom another one has come by every look, up to a position. */
const previewOver = (users: number, movesUntil: number) => {
  const asked: ListRequest[] = [];
  let at = 100;
  const readModels = {
    list: async (name: string, request: ListRequest) => {
      asked.push(request);
      const all = name === 'users' ? Array.from({ length: users }, (_, n) => user(n)) : [];
      const from = request.after ? all.findIndex(({ _id }) => _id === request.after?.[1]) + 1 : 0;
      const items = all.slice(from, from + request.limit);
      const last = items.at(-1);
      const value = last?.[request.sort.field as 'name' | 'joinedAt'];
      return { items, next: from + request.limit < all.length && last ? [value, last._id] : null };
    },
    count: async (name: string, { role }: { role?: unknown }, asOf: number) =>
      name === 'accounts' ? 0 : role ? 1 : users + asOf,
  };
  const candidate = {
    size: async () => {
      if (at < movesUntil) at += 1;
      return sized(at, users);
    },
  };
  const domains = {
    ownerOf: async (name: string) => ({ organizationId: name === 'one.example' ? 'org_1' : 'org_3' }),
  };
  const preview = new MergePreview(
    readModels as unknown as ReadModels,
    candidate as unknown as Candidate,
    domains as unknown as VerifiedDomains,
  );
  return { preview, asked };
};

const of = { candidateId: 'org_2', ownerId: 'usr_0' };

describe('the preview of a merge', () => {
  it('MRG-02: reads no more than the part that is asked for, in small pages, and says where the next one begins', async () => {
    const { preview, asked } = previewOver(2_000, 0);
    const { users, usersTotal, next, roleDowngrades } = await preview.part('org_1', of, { limit: 500 });
    expect([users.length, usersTotal, next, roleDowngrades.length]).toEqual([
      500,
      2_000,
      ['users', ['2026-01-01T00:00:00.0499Z', 'usr_499']],
      1,
    ]);
    expect(users.slice(0, 2).map(({ email }) => email)).toEqual(['0@one.example', null]);
    expect(asked.map(({ limit }) => limit)).toEqual([200, 200, 100]);
    const rest = await preview.part('org_1', of, {
      from: ['users', ['2026-01-01T00:00:00.1499Z', 'usr_1499']],
      limit: 500,
    });
    expect([rest.users.length, rest.users.at(-1)?.userId, rest.next]).toEqual([500, 'usr_1999', undefined]);
  });

  it('where a part ends tells no name and no address of anybody', async () => {
    const { preview } = previewOver(9, 0);
    const parts = [1, 2, 3].map((limit) => preview.part('org_1', of, { limit }));
    for (const { next } of await Promise.all(parts)) expect(JSON.stringify(next)).not.toMatch(/@|somebody/);
  });

  it('MRG-02: is read again when somebody came meanwhile; where that does not end, as it was at its position', async () => {
    const { preview, asked } = previewOver(3, 102);
    const { position } = await preview.part('org_1', of, { limit: 10 });
    expect([position, asked.map(({ asOf }) => asOf)]).toEqual([
      '102',
      [undefined, undefined, undefined, undefined],
    ]);
    const restless = previewOver(3, Number.POSITIVE_INFINITY);
    const last = await restless.preview.part('org_1', of, { limit: 10 });
    expect([last.position, last.usersTotal]).toEqual(['104', 107]);
    expect(restless.asked.slice(-2).map(({ asOf }) => asOf)).toEqual([104, 104]);
  });
});
