import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventStore } from '#event-store';
import type { RecordedEvent } from '#kernel';
import { LogHead } from '#queries';
import { closure, deletion, removal } from '../support/acknowledgements.ts';
import { codeAt } from '../support/authenticator.ts';
import type { Caller, Json } from '../support/caller.ts';
import { operationsOf } from '../support/openapi.ts';
import { backends, type Person, Product, password } from '../support/product.ts';

/** Of people, accounts, invitations and organizations. */
const ours =
  /^\w+ \/v1\/(?:sign-ups|email-verifications|accounts|account-additions|invitations|organizations(?!\/\{organizationId\}\/(?:domains|api-keys|imports|merges)))/;
/** Never does anything, so there is nothing to compare. */
const alwaysRefused = 'DELETE /v1/organizations/{organizationId}';

const acknowledgements = [
  ...new Set([...removal, ...deletion, ...closure]),
  'permanently_removed_from_account',
  'access_relinquished',
  'users_lose_access',
];

const comparable = (told: readonly { type: string; data: object }[]): unknown =>
  told.map(({ type, data }) => ({
    type,
    data: JSON.parse(
      JSON.stringify(data)
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
        // Of somebody who is deleted nothing is left to compare.
        .replace(/("(?:email|givenName|familyName)":)"[^"]*"/g, '$1"somebody"'),
    ),
  }));

describe.each(backends)('every command of people and accounts can be tried first, on $name', (backend) => {
  let product: Product;
  let anna: Person;
  let eve: Person;
  const tried = new Set<string>();
  let keys = 0;

  beforeAll(async () => {
    product = await Product.start(backend);
    anna = await product.signUp(`anna@${product.domain('corporate')}`);
    await product.verifiedDomain(anna, product.domain('corporate'));
    eve = await product.signUp(`eve@${product.domain('elsewhere')}`);
  });
  afterAll(() => product.stop());

  /** Streams on which something was written because of these events. */
  const causedBy = async (
    log: EventStore,
    after: number,
    causes: readonly RecordedEvent[],
  ): Promise<string[]> => {
    const ids = new Set(causes.map(({ id }) => id));
    const found: string[] = [];
    for await (const batch of log.readAll({ after }))
      found.push(
        ...batch.flatMap(({ metadata, stream }) => (ids.has(metadata.causationId ?? '') ? [stream] : [])),
      );
    return found;
  };

  /** The same command twice, dry and in earnest: under one key, so that it makes the same ids. */
  const both = async (
    by: Caller,
    operation: string,
    ids: Readonly<Record<string, string>> = {},
    body?: object,
  ): Promise<Json> => {
    tried.add(operation);
    const [method = '', template = ''] = operation.split(' ');
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
    keys += 1;
    const under = by.key(`dry-runs-${keys}`);
    const dry = await under.expecting([200], method, `${path}?dryRun=true`, body);
    const log = product.serving.app.get(LogHead) as unknown as EventStore;
    const before = await log.head();
    const real = await under.expecting([200, 201, 202], method, path, body);
    const written = (await log.read(real.stream)).filter(({ id }) =>
      real.events.some((event: Json) => event.id === id),
    );
    expect([operation, comparable(dry.events)]).toEqual([operation, comparable(written)]);
    expect([operation, written.length]).not.toEqual([operation, 0]);
    const foretold = dry.effects.map(({ resource }: Json) => `${resource.type}-${resource.id}`);
    const followed = (await causedBy(log, before, written)).filter((stream) => !stream.startsWith('claim.'));
    expect([operation, followed.filter((stream) => !foretold.includes(stream))]).toEqual([operation, []]);
    return real;
  };
  const names = { givenName: 'Olga', familyName: 'Out' };
  const colleague = (name: string) => `${name}@${product.domain('corporate')}`;
  const outsider = (name: string) => `${name}@${product.domain('outside')}`;

  it('signing up, proving the address, founding', async () => {
    const email = outsider('nina');
    await both(product.nobody, 'POST /v1/sign-ups', {}, { email, password, ...names });
    const { call } = await product.signIn(email);
    await product.token(email);
    await both(call, 'POST /v1/email-verifications');
    const token = await product.token(email, 2);
    await both(product.nobody, 'POST /v1/email-verifications/complete', {}, { token });
    const ola = await product.join(anna, colleague('ola'));
    const { organizationId } = anna;
    const { userId } = ola;
    const one = { organizationId, userId };
    const path = '/v1/organizations/{organizationId}/users/{userId}';
    await both(anna.call, `POST ${path}/remove`, one, { acknowledgements });
    await both(ola.call, 'POST /v1/organizations', {}, { name: 'Of Ola' });
  });

  it('an organization and its people', async () => {
    const { organizationId } = anna;
    const { userId, call } = await product.join(anna, colleague('bob'));
    const { secret } = await call.post('/v1/me/two-factor', { method: 'totp' });
    await call.post('/v1/me/two-factor/confirm', { code: codeAt(secret, Date.now()) });
    const one = { organizationId, userId };
    const organization = '/v1/organizations/{organizationId}';
    const person = `${organization}/users/{userId}`;
    await both(anna.call, `PATCH ${organization}`, one, { name: 'Works' });
    await both(anna.call, `PUT ${organization}/sign-up-policy`, one, { policy: 'outside' });
    await both(anna.call, `PUT ${organization}/sign-up-policy`, one, { policy: 'invite_only' });
    await both(anna.call, `PATCH ${person}`, one, { givenName: 'Robert' });
    await both(anna.call, `PUT ${person}/role`, one, { role: 'administrator' });
    await both(anna.call, `PUT ${person}/two-factor-requirement`, one, { required: true });
    await both(anna.call, `PUT ${person}/email`, one, { email: colleague('robert') });
    await both(anna.call, `POST ${person}/deactivate`, one);
    await both(anna.call, `POST ${person}/reactivate`, one);
    await both(anna.call, `POST ${person}/reset-password`, one);
    await both(anna.call, `POST ${person}/reset-two-factor`, one);
    const create = 'POST /v1/organizations/{organizationId}/accounts';
    const { accountId: owned } = await both(anna.call, create, one, { name: 'Of Bob', ownerId: userId });
    const used = { accountId: anna.accountId, userId };
    await both(anna.call, 'PUT /v1/accounts/{accountId}/users/{userId}/roles', used, { roles: ['support'] });
    const accountOwners = { [owned]: anna.userId };
    await both(anna.call, `POST ${person}/delete`, one, { acknowledgements, accountOwners });
    const next = await product.join(anna, colleague('next'));
    const newOwner = { newOwnerId: next.userId, previousOwnerRole: 'administrator' };
    await both(anna.call, `POST ${organization}/transfer-ownership`, one, newOwner);
    const back = { newOwnerId: anna.userId, previousOwnerRole: 'administrator' };
    await both(next.call, `POST ${organization}/transfer-ownership`, one, back);
  });

  it('accounts, and who has access to them', async () => {
    const { organizationId } = anna;
    const carol = await product.join(anna, colleague('carol'));
    const here = { organizationId };
    const { accountId } = await both(anna.call, 'POST /v1/organizations/{organizationId}/accounts', here, {
      name: 'Work',
    });
    const one = { accountId, userId: carol.userId };
    const account = '/v1/accounts/{accountId}';
    const roles = `PUT ${account}/users/{userId}/roles`;
    await both(anna.call, `PATCH ${account}`, one, { name: 'Workshop' });
    await both(anna.call, `PUT ${account}/two-factor-requirement`, one, { required: true });
    await both(anna.call, `PUT ${account}/two-factor-requirement`, one, { required: false });
    await both(anna.call, roles, one, { roles: ['administrator'] });
    const downgrade = { roles: ['support'], confirmAdministratorDowngrade: true };
    await both(anna.call, roles, one, downgrade);
    await both(anna.call, `POST ${account}/users/{userId}/remove`, one);
    await both(anna.call, `POST ${account}/suspend`, one);
    await both(anna.call, `POST ${account}/reactivate`, one);
    await both(anna.call, `POST ${account}/transfer-ownership`, one, { newOwnerId: carol.userId });
    await both(anna.call, `POST ${account}/close`, one, { acknowledgements });
  });

  it('accounts of others: asked for, shared, relinquished, declined', async () => {
    const { organizationId } = anna;
    const ask = 'POST /v1/organizations/{organizationId}/account-additions';
    const wanted = { accountId: eve.accountId, kind: 'independent' };
    const first = await both(anna.call, ask, { organizationId }, wanted);
    await both(eve.call, 'POST /v1/account-additions/{additionId}/decline', first);
    const second = await both(anna.call, ask, { organizationId }, wanted);
    await both(eve.call, 'POST /v1/account-additions/{additionId}/confirm', second);
    const relinquish = 'POST /v1/organizations/{organizationId}/accounts/{accountId}/relinquish';
    await both(anna.call, relinquish, { organizationId, ...wanted }, { acknowledgements });
  });

  it('invitations to the organization and to an account: sent, again, cancelled, declined, accepted', async () => {
    const { organizationId, accountId } = anna;
    for (const [list, email, offer] of [
      ['/v1/organizations/{organizationId}/invitations', colleague, { role: 'standard_user' }],
      ['/v1/accounts/{accountId}/invitations', outsider, { roles: ['support'] }],
    ] as const) {
      const at = { organizationId, accountId };
      const send = (name: string) => both(anna.call, `POST ${list}`, at, { email: email(name), ...offer });
      const { invitationId } = await send('dora');
      await product.token(email('dora'));
      await both(anna.call, `POST ${list}/{invitationId}/resend`, { ...at, invitationId });
      const token = await product.token(email('dora'), 2);
      await both(product.nobody, 'POST /v1/invitations/accept', {}, { token, password, ...names });
      await send('emil');
      const unwanted = { token: await product.token(email('emil')) };
      await both(product.nobody, 'POST /v1/invitations/decline', {}, unwanted);
      const fay = await send('fay');
      await both(anna.call, `POST ${list}/{invitationId}/cancel`, { ...at, ...fay });
    }
    await both(
      anna.call,
      'POST /v1/accounts/{accountId}/invitations',
      { accountId },
      {
        email: colleague('dora'),
        roles: ['support'],
      },
    );
  });

  it('none is left out', async () => {
    const offered = operationsOf(await product.nobody.get('/openapi.json'))
      .filter(({ query }) => query.some(({ name }) => name === 'dryRun'))
      .map(({ row }) => row)
      .filter((row) => ours.test(row) && row !== alwaysRefused);
    const elsewhere = [...tried].filter((row) => !ours.test(row));
    expect([...tried].toSorted()).toEqual([...offered, ...elsewhere].toSorted());
  });
});
