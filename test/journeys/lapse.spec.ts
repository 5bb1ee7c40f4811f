import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product } from '../support/product.ts';
import { Sandboxed } from '../support/sandboxed.ts';

const DAY = 86_400_000;
const [embedded] = backends;
const mailed = (mails: readonly Json[]): string[] => mails.map(({ to }) => to).toSorted();

describe('31 days pass', () => {
  let product: Product;
  let sandbox: Sandboxed;
  let anna: Person;
  let bob: Person;
  let carol: Person;
  let domain: string;
  let added: Json;
  let accountId: string;

  const events = async (query = ''): Promise<Json[]> => {
    const all: Json[] = await anna.call.all(anna.path(`/audit-events?limit=200${query}`));
    return all.toReversed();
  };
  const upcoming = (query = ''): Promise<Json[]> => anna.call.all(anna.path(`/upcoming?limit=50${query}`));

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded, { sandbox: true });
    sandbox = new Sandboxed(product);
    domain = product.domain('corporate');
    anna = await sandbox.signUp(`anna@${domain}`);
    added = await sandbox.verifiedDomain(anna, domain);
    bob = await sandbox.join(anna, `bob@${domain}`, 'administrator');
    carol = await sandbox.join(anna, `carol@${domain}`);
    accountId = (await carol.call.post(carol.path('/accounts'), { name: 'Carols own' })).accountId;
  });
  afterAll(() => product.stop());

  it('DOM-12: every day a look, of which the history does not grow', async () => {
    const before = (await events()).length;
    await sandbox.advance(3 * DAY);
    anna = await sandbox.back(anna);
    expect(await events()).toHaveLength(before);
    const { status, lastCheckedAt, nextCheckAt } = await anna.call.get(
      anna.path(`/domains/${added.domainId}`),
    );
    expect(status).toBe('verified');
    expect(Date.parse(nextCheckAt) - Date.parse(lastCheckedAt)).toBeLessThanOrEqual(DAY);
    expect(await upcoming('&kind=domain_recheck')).toMatchObject([
      {
        kind: 'domain_recheck',
        dueAt: nextCheckAt,
        subject: { type: 'domain', id: added.domainId, name: domain },
        affects: { users: 0 },
      },
    ]);
  });

  it('AMB-10: a day of SERVFAIL starts no clock', async () => {
    await sandbox.zone(added, { fault: 'servfail' });
    await sandbox.advance(DAY);
    anna = await sandbox.back(anna);
    expect((await anna.call.get(anna.path(`/domains/${added.domainId}`))).status).toBe('verified');
  });

  it('DOM-13, DOM-14: gone, the clock starts and upcoming says what it leads to', async () => {
    await sandbox.zone(added, undefined);
    await sandbox.advance(DAY);
    anna = await sandbox.back(anna);
    const shown = await anna.call.get(anna.path(`/domains/${added.domainId}`));
    expect(shown).toMatchObject({ status: 'unvalidated', managedUsers: 3 });
    expect(Date.parse(shown.deletionDueAt) - Date.parse(shown.unvalidatedSince)).toBe(30 * DAY);
    const told = await upcoming();
    expect(told.map(({ kind }) => kind)).toContain('domain_warning');
    expect(told.find(({ kind }) => kind === 'domain_lapse')).toMatchObject({
      dueAt: new Date(Date.parse(shown.deletionDueAt) + 1).toISOString(),
      subject: { name: domain },
      affects: { users: 2 },
      because: { type: 'DomainRecheckFailed' },
    });
    const invite = { body: { email: `dora@${domain}`, role: 'standard_user' } };
    await anna.call.refused(422, 'domain_unvalidated', 'POST', anna.path('/invitations'), invite);
  });

  it('DOM-13: upcoming is a list like the others: by page, by kind, until a time, as it was, for whoever may read', async () => {
    const all = await upcoming();
    const paged: Json[] = await anna.call.all(anna.path('/upcoming?limit=1'));
    expect(paged).toEqual(all);
    expect(all.map(({ dueAt }) => dueAt)).toEqual(all.map(({ dueAt }) => dueAt).toSorted());
    expect(await upcoming('&kind=domain_lapse')).toHaveLength(1);
    const soon = new Date((await sandbox.now()) + 2 * DAY).toISOString();
    expect((await upcoming(`&until=${soon}`)).map(({ kind }) => kind).toSorted()).toEqual([
      'domain_recheck',
      'domain_warning',
    ]);
    const [verified] = await events('&type=DomainVerified');
    const then = await anna.call.get(anna.path(`/upcoming?asOf=${verified.position}`));
    expect(then.items.map(({ kind }: Json) => kind)).toEqual(['domain_recheck']);
    const standard = await sandbox.back(carol);
    await standard.call.refused(403, 'forbidden', 'GET', anna.path('/upcoming'));
    const stranger = await sandbox.signUp(`eve@elsewhere-${domain}`);
    await stranger.call.refused(404, 'not_found', 'GET', anna.path('/upcoming'));
    await anna.call.refused(400, 'validation_failed', 'GET', anna.path('/upcoming?until=tomorrow'));
  });

  it('DOM-13, DOM-15, AMB-05, AMB-06, AMB-07: warned on days 1, 15, 25 and 29, then the domain lapses and its people are removed', async () => {
    await sandbox.advance(30 * DAY);
    anna = await sandbox.back(anna);
    const history = await events();
    const types = history.map(({ type }) => type);
    expect(types.filter((type) => type === 'DomainLapseWarningSent')).toHaveLength(4);
    const warned = history.filter(({ type }) => type === 'DomainLapseWarningSent');
    expect(warned.map(({ data }) => data.day)).toEqual([1, 15, 25, 29]);
    expect(types.indexOf('DomainValidationLapsed')).toBeGreaterThan(
      types.lastIndexOf('DomainLapseWarningSent'),
    );
    const lapse = history.find(({ type }) => type === 'DomainValidationLapsed');
    const removed = history.filter(({ type }) => type === 'UserRemovedFromOrg');
    expect(removed).toHaveLength(2);
    for (const one of removed)
      expect(one).toMatchObject({
        causationId: lapse?.id,
        data: {
          reason: 'domain_validation_lapsed',
          cause: { type: 'DomainValidationLapsed', id: lapse?.id },
        },
      });
    const people = await anna.call.get(anna.path('/users?kind=managed'));
    expect(people.items.map(({ email }: Json) => email)).toEqual([anna.email]);
    expect(await anna.call.get(anna.path())).toMatchObject({ ownerOnUnverifiedDomain: true });
    expect(await anna.call.get(`/v1/accounts/${accountId}`)).toMatchObject({ ownerId: anna.userId });
    await anna.call.refused(404, 'not_found', 'GET', anna.path(`/domains/${added.domainId}`));
    expect(await upcoming()).toEqual([]);
    expect(mailed(await sandbox.mails('domain_warning'))).toEqual(
      [anna, bob].flatMap(({ email }) => Array(4).fill(email)).toSorted(),
    );
    expect(mailed(await sandbox.mails('domain_lapsed'))).toContain(anna.email);
    expect(mailed(await sandbox.mails('removed_from_organization'))).toEqual(
      [bob.email, carol.email].toSorted(),
    );
  });

  it('DOM-15: the same name can be added and proved again, and everybody comes back with what they had', async () => {
    added = await sandbox.verifiedDomain(anna, domain);
    const path = anna.path(`/domains/${added.domainId}/restore-users`);
    const foreseen = await anna.call.with({ prefer: 'dry-run' }).post(path);
    expect(foreseen.dryRun).toBe(true);
    expect(foreseen.users.map(({ userId, restorable, role }: Json) => [userId, restorable, role])).toEqual(
      [
        [bob.userId, true, 'administrator'],
        [carol.userId, true, 'standard_user'],
      ].toSorted(),
    );
    const restored = await anna.call.key('restore').post(path);
    expect(restored).toMatchObject({
      domainId: added.domainId,
      restorable: 2,
      usersTotal: 2,
      users: foreseen.users,
    });
    const people = await anna.call.get(anna.path(`/users?kind=managed&${at(restored.position)}`));
    expect(people.items.map(({ email, role }: Json) => [email, role]).toSorted()).toEqual([
      [anna.email, 'owner'],
      [bob.email, 'administrator'],
      [carol.email, 'standard_user'],
    ]);
    expect(await anna.call.get(`/v1/accounts/${accountId}?${at(restored.position)}`)).toMatchObject({
      ownerId: carol.userId,
    });
    expect(await anna.call.get(anna.path())).toMatchObject({ ownerOnUnverifiedDomain: false });

    const handedOver = { newOwnerId: bob.userId, previousOwnerRole: 'standard_user' };
    await anna.call.post(anna.path('/transfer-ownership'), handedOver);
    const { position: _first, ...answered } = restored;
    const { position: _again, ...repeated } = await anna.call.key('restore').post(path);
    expect(repeated).toEqual(answered);
    await anna.call.key('restore once more').refused(403, 'forbidden', 'POST', path);
  });

  it('DOM-15, P2: it lapses again, and the restore that is repeated then brings nobody back', async () => {
    await sandbox.zone(added, undefined);
    await sandbox.advance(DAY);
    await sandbox.advance(30 * DAY);
    anna = await sandbox.back(anna);
    bob = await sandbox.back(bob);
    const path = anna.path(`/domains/${added.domainId}/restore-users`);
    const { events: told } = await anna.call.key('restore').post(path);
    expect(told.map(({ type }: Json) => type)).toEqual(['DomainUsersRestoreRequested']);
    const people = await bob.call.get(bob.path(`/users?kind=managed&${at(String(await product.head()))}`));
    expect(people.items.map(({ email }: Json) => email)).toEqual([bob.email]);
  });
});
