import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rights } from '#commands';
import { PermissionGuard, permissions } from '#permissions';
import type { Reply } from '../support/caller.ts';
import { type Operation, operationsOf } from '../support/openapi.ts';
import { backends, Product } from '../support/product.ts';
import { expected, idsFor, type Relation, refusals, relationsOf, type Verdict } from './expectation.ts';
import { ask } from './requests.ts';
import { type Principal, type Scene, setScene } from './scene.ts';
import { swapsOf } from './swaps.ts';

const LONG = process.env.ORGLEDGER_LONG === '1';

const [embedded] = backends as [(typeof backends)[number]];
let scene: Scene;
let operations: readonly Operation[];

beforeAll(async () => {
  scene = await setScene(await Product.start(embedded));
  operations = operationsOf(scene.document);
});
afterAll(() => scene?.product.stop());

/** Those who have most to gain; the long run asks for everybody. */
const withoutGuard = new Set(['a Standard User', 'a Developer', 'the Owner of another organization']);
const swappers = new Set(['the Owner', 'the Owner of an account', 'a key of an administrator']);

const verdictOf = ({ status, body }: Reply): Verdict | string => {
  if (status >= 500) return `${status} ${body?.code}`;
  if (body?.code === 'validation_failed') return `malformed: ${JSON.stringify(body.errors)}`;
  return refusals.find((code) => code === body?.code) ?? 'admitted';
};

const ownHeaders = new Set(['date', 'x-request-id', 'content-length', 'ratelimit']);

/** All that a caller can tell one answer from another by, but for the request's own id and path. */
const told = ({ status, text, headers }: Reply): string =>
  JSON.stringify([
    status,
    text.replace(/"requestId":"[^"]*"/, '').replace(/"instance":"[^"]*"/, ''),
    [...headers].filter(([name]) => !ownHeaders.has(name)).toSorted(),
  ]);

interface Cell {
  readonly operation: Operation;
  readonly principal: Principal;
  readonly relation: Relation;
  readonly should: Verdict;
}

const cells = (): Cell[] =>
  operations.flatMap((operation) =>
    scene.principals.flatMap((principal) =>
      relationsOf(operation).map((relation) => ({
        operation,
        principal,
        relation,
        should: expected(operation, principal, relation),
      })),
    ),
  );

const named = ({ operation, principal, relation, should }: Cell, is: string): string =>
  `${operation.row}, ${relation}, ${principal.name}: ${is}, not ${should}`;

/** rules.md 1.6, written down a second time: the table of permissions is not asked. */
const byTheRules: readonly (readonly [action: string, row: string, who: readonly string[]])[] = [
  ['rename the organization', 'PATCH /v1/organizations/{organizationId}', ['an Administrator', 'the Owner']],
  ['add a domain', 'POST /v1/organizations/{organizationId}/domains', ['an Administrator', 'the Owner']],
  [
    'delete a domain',
    'POST /v1/organizations/{organizationId}/domains/{domainId}/delete',
    ['an Administrator', 'the Owner'],
  ],
  [
    'invite to the organization',
    'POST /v1/organizations/{organizationId}/invitations',
    ['an Administrator', 'the Owner'],
  ],
  ['list the people', 'GET /v1/organizations/{organizationId}/users', ['an Administrator', 'the Owner']],
  [
    'read the audit history',
    'GET /v1/organizations/{organizationId}/audit-events',
    ['an Administrator', 'the Owner'],
  ],
  [
    'see the organization one is in',
    'GET /v1/organizations/{organizationId}',
    ['a Standard User', 'the Owner of an account', 'an Administrator', 'the Owner'],
  ],
  ['hand over the ownership', 'POST /v1/organizations/{organizationId}/transfer-ownership', ['the Owner']],
  [
    'remove somebody',
    'POST /v1/organizations/{organizationId}/users/{userId}/remove',
    ['an Administrator', 'the Owner'],
  ],
  [
    'create an account',
    'POST /v1/organizations/{organizationId}/accounts',
    ['a Standard User', 'the Owner of an account', 'an Administrator', 'the Owner'],
  ],
  [
    'invite to an account',
    'POST /v1/accounts/{accountId}/invitations',
    ['the Owner of an account', 'an Administrator', 'the Owner'],
  ],
  [
    'close an account',
    'POST /v1/accounts/{accountId}/close',
    ['the Owner of an account', 'an Administrator', 'the Owner'],
  ],
  ['see an operator’s things', 'GET /v1/operations/projections', []],
];

describe('P10: every principal x every operation x every relation', () => {
  it('ROL-02, ROL-03, ROL-08: is decided as the table says; foreign and absent answer alike', async () => {
    const before = await scene.product.head();
    const wrong: string[] = [];
    const absent = new Set<string>();
    for (const cell of cells()) {
      const reply = await ask(scene, cell.operation, cell.principal, {
        ids: idsFor(cell.relation, cell.operation, cell.principal),
      });
      const is = verdictOf(reply);
      if (is !== cell.should) wrong.push(named(cell, is));
      if (is === 'not_found') absent.add(told(reply));
    }
    process.stdout.write(`matrix: ${cells().length} cells, ${wrong.length} wrong\n`);
    expect(wrong).toEqual([]);
    expect([...absent]).toHaveLength(1);
    expect(await scene.product.head()).toBe(before);
  }, 120_000);

  it.each(byTheRules)('ROL-02, ROL-03: who may %s', async (_action, row, who) => {
    const operation = operations.find((known) => known.row === row)!;
    const members = ['a Standard User', 'the Owner of an account', 'an Administrator', 'the Owner'];
    const admitted: string[] = [];
    for (const principal of scene.principals.filter(({ name }) => members.includes(name))) {
      const reply = await ask(scene, operation, principal, { ids: idsFor('own', operation, principal) });
      if (verdictOf(reply) === 'admitted') admitted.push(principal.name);
    }
    expect(admitted).toEqual(who);
  });

  it('fails for an operation that has no row', () => {
    const [known] = operations as [Operation];
    const planted = { ...known, row: 'POST /v1/planted' };
    expect(() => expected(planted, scene.principals[0]!, 'own')).toThrow('no row for POST /v1/planted');
  });

  it('is refused on loaded state also where no guard stands before the handler', async () => {
    const guard = scene.product.serving.app.get(PermissionGuard);
    const decided = (cell: Cell) =>
      !cell.principal.mustEnrol &&
      (LONG || withoutGuard.has(cell.principal.name)) &&
      ['organization', 'account'].includes(rights[permissions[cell.operation.row]!].of) &&
      cell.should !== 'admitted';
    const before = await scene.product.head();
    const open: string[] = [];
    Object.defineProperty(guard, 'canActivate', { value: () => true, configurable: true });
    try {
      for (const cell of cells().filter(decided)) {
        const reply = await ask(scene, cell.operation, cell.principal, {
          ids: idsFor(cell.relation, cell.operation, cell.principal),
        });
        if (verdictOf(reply) === 'admitted' || reply.status >= 500) open.push(named(cell, verdictOf(reply)));
      }
    } finally {
      Reflect.deleteProperty(guard, 'canActivate');
    }
    expect(open).toEqual([]);
    expect(await scene.product.head()).toBe(before);
  }, 120_000);

  it('an id of another organization in path, query, body or If-Match crosses no border', async () => {
    const before = await scene.product.head();
    const crossed: string[] = [];
    let count = 0;
    for (const principal of scene.principals.filter(({ home, name }) =>
      LONG ? home === scene.ours : swappers.has(name),
    ))
      for (const operation of operations)
        for (const { where, slot, asking } of swapsOf(scene, operation, principal.home.ids)) {
          const { status, text, body } = await ask(scene, operation, principal, asking);
          count += 1;
          const leaks = scene.canaries.some((canary) => text.includes(canary));
          const found = where !== 'If-Match' && status < 300 && (where !== 'query' || body.total !== 0);
          if (leaks || found || status >= 500)
            crossed.push(
              `${operation.row}, ${where} ${slot}, ${principal.name}: ${status} ${text.slice(0, 200)}`,
            );
        }
    process.stdout.write(`swaps: ${count}, ${crossed.length} crossed\n`);
    expect(crossed).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(1_000);
    expect(await scene.product.head()).toBe(before);
  }, 120_000);
});
