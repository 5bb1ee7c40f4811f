import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Serving, serve } from '#application';
import { readSettings } from '#settings';
import { run } from '../../apps/cli/src/run.ts';
import { Builds } from '../../libs/read-models/src/builds.ts';
import { deletion, removal } from '../support/acknowledgements.ts';
import { codeAt } from '../support/authenticator.ts';
import { Caller, type Json } from '../support/caller.ts';
import { receiptWithWhatWasAdded, withWhatWasAdded } from './added.ts';
import { type Asking, ask, asOf } from './questions.ts';
import { releases, toldOf, unpack } from './release.ts';
import { password, Scene } from './scene.ts';

/** What the first start of the present release does by itself, of what an organization's history shows. */
const byItself: Readonly<Record<string, readonly string[]>> = {
  // Domains were not watched then: the two whose records are gone begin their 30 days now, not when they were lost.
  '2026-11-23': ['DomainRecheckFailed', 'DomainRecheckFailed'],
};

it('P19: data folders of earlier releases are kept', () => {
  expect(releases()).not.toEqual([]);
});

describe.each(releases())('the data folder of the release of %s', (name) => {
  const told = toldOf(name);
  const happens = byItself[name] ?? [];
  const position = told.projections[0]?.position ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-upgrade-'));
  const machineTime = Date.now;
  let serving: Serving | undefined;
  let scene: Scene;

  const env = { PORT: '0', LOG_LEVEL: 'silent', ORGLEDGER_DATA_DIR: folder };
  const orgledger = async (command: string): Promise<string> => {
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    const code = await run([command], env, { out: say, err: say });
    return [`exit code ${code}`, ...lines].join('\n');
  };
  const start = async (): Promise<void> => {
    serving = await serve({ ...readSettings(env), rateLimits: false }, '0.0.0-test');
    scene = await Scene.over(serving.url, serving.operatorToken, told);
  };
  const open = async (): Promise<void> => {
    await start();
    const { items } = await scene.operator.until('/v1/operations/projections', (answer) =>
      answer.items.every(({ building }: Json) => !building),
    );
    expect(items.flatMap(({ quarantined }: Json) => quarantined)).toEqual([]);
    await settled();
  };
  const close = async (): Promise<void> => {
    await serving?.stop();
    serving = undefined;
  };
  /** Everything that is due, and everything that follows, has happened after the smallest step in time. */
  const settled = (): Promise<Json> => scene.nobody.post('/sandbox/clock/advance', { milliseconds: 1 });
  /** Answers are held to what the present release says of them. */
  const asking = (by: string): Asking => {
    const caller = new Caller({ url: serving?.url ?? '' }).as(scene.person(by).token);
    return {
      send: async (method, path) => {
        const { status, body, text } = await caller.send(method, path);
        return { status, body: body ?? text };
      },
    };
  };
  const answers = async (as: (path: string) => string = (path) => path): Promise<object[]> => {
    const given: object[] = [];
    for (const { by, path } of told.asked) given.push({ by, path, answer: await ask(asking(by), as(path)) });
    return given;
  };
  const then = (path: string): string => asOf(path, position);
  const anna = (what: string): string => scene.home('anna', what);
  const history = async (query: string): Promise<Json[]> =>
    (await scene.as('anna').get(anna(`/audit-events?limit=200&${query}`))).items;

  const holding = (text: string): string[] =>
    readdirSync(folder).filter((file) => readFileSync(join(folder, file)).toString('latin1').includes(text));

  const expected = told.asked.map(({ by, path, answer }) => ({
    by,
    path,
    answer: withWhatWasAdded(path, answer),
  }));

  beforeAll(() => {
    unpack(name, folder);
    const behind = machineTime() - Date.parse(told.stoppedAt);
    Date.now = () => machineTime() - behind;
  });
  afterAll(async () => {
    await close();
    Date.now = machineTime;
    rmSync(folder, { recursive: true, force: true });
  });

  it('P19: is whole, and every event in it can be read', async () => {
    const verified = await orgledger('verify');
    expect(verified).toContain('The log is whole.');
    expect(verified).toContain('exit code 0');
    expect(await orgledger('doctor')).toContain('exit code 0');
  });

  it('P19, P6: until raised read models are filled, lists are those of then or say when to come again, never less', async () => {
    const complete = Builds.prototype.withIndexes;
    const filled = Promise.withResolvers<void>();
    const waiting = jest.spyOn(Builds.prototype, 'withIndexes').mockImplementation(async function (
      this: Builds,
      ...build
    ) {
      await filled.promise;
      return complete.apply(this, build);
    });
    try {
      await start();
      const paths = ['', '/users', '/domains', '/invitations', '/audit-events?type=UserJoinedOrg'].map(anna);
      const given = await Promise.all(
        paths.map(async (path) => ({ by: 'anna', path, answer: await ask(asking('anna'), path) })),
      );
      for (const one of given)
        if (one.answer.status === 503) expect(one.answer.body.code).toBe('stores_unavailable');
        else expect(one).toEqual(expected.find(({ by, path }) => by === 'anna' && path === one.path));
    } finally {
      filled.resolve();
      waiting.mockRestore();
    }
    await close();
  });

  it('P19: is opened; nothing happens by itself that is not told here', async () => {
    await open();
    const since = (await history('')).filter((event) => Number(event.position) > Number(position));
    expect(since.map(({ type }) => type)).toEqual(happens);
    expect((await scene.nobody.get('/health/ready')).parkedCommands).toBe(0);
  });

  it('P19: answers the sessions of then as it answered then, beside the fields that were added', async () => {
    expect(await answers(happens.length > 0 ? then : undefined)).toEqual(expected);
  });

  it('P19: a password of then signs in, and no other', async () => {
    const { email } = scene.person('bob');
    const { token } = await scene.nobody.post('/v1/sessions', { email, password });
    expect(await scene.nobody.as(token).get('/v1/me')).toMatchObject({ email, role: 'administrator' });
    const wrong = await scene.nobody.send('POST', '/v1/sessions', { email, password: `${password}0` });
    expect(wrong.status).toBe(401);
  });

  it('P19: a second factor of then is asked for and taken', async () => {
    const { email, secret } = scene.person('carl');
    const begun = await scene.nobody.post('/v1/sessions', { email, password });
    if (secret === undefined) return expect(begun.token).toEqual(expect.any(String));
    // The code of its own moment was used to switch it on.
    const { now } = await scene.nobody.get('/sandbox/clock');
    const { token } = await scene.nobody.post('/v1/sessions/two-factor', {
      challengeId: begun.twoFactor.challengeId,
      code: codeAt(secret, Date.parse(now) + 30_000),
    });
    expect(await scene.nobody.as(token).get('/v1/me')).toMatchObject({ email });
  });

  it('P19: as of a time before the upgrade everything is as it was', async () => {
    await scene.as('anna').patch(anna(''), { name: 'Corporate of today' });
    const { name: called } = await scene.as('anna').get(anna(''));
    expect(called).toBe('Corporate of today');
    expect(await answers(then)).toEqual(expected);
  });

  it('P19, P2: what was done with an Idempotency-Key is answered as it was, and not done again', async () => {
    const [newest] = await history('');
    const living = told.keyed.filter(({ by }) => scene.person(by).token !== '');
    expect(living.length).toBeGreaterThan(2);
    for (const { by, method, path, body, key, answer } of living)
      expect(await scene.as(by).send(method, path, body, key)).toEqual(receiptWithWhatWasAdded(path, answer));
    expect((await history(''))[0]).toEqual(newest);
  });

  it('P19: keys and links of then work, revoked and declined ones do not', async () => {
    const { key, revokedKey, reset } = scene.noted;
    if (key && revokedKey) {
      await scene.nobody.as(key).get(anna('/users'));
      expect((await scene.nobody.as(revokedKey).send('GET', anna('/users'))).status).toBe(401);
    }
    if (reset) {
      const newPassword = 'another slow river 17';
      await scene.nobody.post('/v1/password-resets/complete', { token: reset, newPassword });
      const { email } = scene.person('gus');
      await scene.nobody.post('/v1/sessions', { email, password: newPassword });
    }
    const answer = { password, givenName: 'Nina', familyName: 'Ray' };
    const token = await scene.mail('nina@corporate.example', 'invitation');
    expect((await scene.nobody.send('POST', '/v1/invitations/accept', { token, ...answer })).status).toBe(
      404,
    );
    await scene.accept('pia', 'pia@corporate.example');
    expect(await scene.as('pia').get('/v1/me')).toMatchObject({ role: 'standard_user' });
  });

  it('P19: commands go on: somebody is invited, gets a role, and owns an account', async () => {
    await scene.join('anna', 'rosa', 'rosa@corporate.example');
    const rosa = scene.person('rosa').userId;
    await scene.as('bob').put(anna(`/users/${rosa}/role`), { role: 'administrator' });
    await scene.as('carl').patch(anna(`/users/${scene.person('carl').userId}`), { givenName: 'Karl' });
    const { accountId } = await scene.as('rosa').post(anna('/accounts'), { name: 'Of Rosa' });
    expect(await scene.as('anna').get(`/v1/accounts/${accountId}`)).toMatchObject({ ownerId: rosa });
    const [changed] = await history(`type=OrganizationRoleChanged&userId=${rosa}`);
    expect(changed).toMatchObject({
      actor: { type: 'user', id: scene.person('bob').userId },
      changes: [{ field: 'role', previous: 'standard_user', updated: 'administrator' }],
    });
    const { items } = await scene.as('anna').get(anna('/users?search=ro'));
    expect(items.map(({ email }: Json) => email)).toEqual(['rosa@corporate.example']);
  });

  it('P19: whoever a lapse of then has removed is brought back, with role and account', async () => {
    const { userId } = scene.person('lena');
    if ((await history('type=DomainValidationLapsed')).length > 0) {
      expect((await scene.as('anna').send('GET', anna(`/users/${userId}`))).status).toBe(404);
      const { domainId } = await scene.prove('anna', 'labs.example');
      await scene.as('anna').post(anna(`/domains/${domainId}/restore-users`));
      expect(await scene.as('lena').get(`/v1/accounts/${scene.noted.lab}`)).toMatchObject({
        ownerId: userId,
      });
    }
    expect(await scene.as('anna').get(anna(`/users/${userId}`))).toMatchObject({
      kind: 'managed',
      role: 'standard_user',
    });
  });

  it('P19: people of then are removed, imported and deleted; nothing of the deleted stays in any file', async () => {
    const { userId } = scene.person('fay');
    await scene.as('bob').post(anna(`/users/${userId}/remove`), { acknowledgements: removal });
    expect((await scene.as('anna').send('GET', anna(`/users/${userId}`))).status).toBe(404);
    await scene.operator.put(`/v1/operations/bulk-import/${scene.person('anna').organizationId}`, {
      enabled: true,
    });
    const asked = { domainIds: [scene.noted.domainId] };
    const { importId } = await scene.as('anna').post(anna('/imports'), asked);
    const become = (status: string): Promise<Json> =>
      scene.as('anna').until(anna(`/imports/${importId}`), (one) => one.status === status);
    await become('ready');
    await scene.as('anna').post(anna(`/imports/${importId}/start`), { acknowledgements: ['usersInformed'] });
    expect((await become('completed')).skipped).toBe(0);
    await settled();
    const kim = await scene.as('anna').get(anna(`/users/${scene.person('kim').userId}`));
    expect(kim).toMatchObject({ kind: 'managed', accounts: 1 });
    const gus = scene.person('gus').userId;
    await scene.as('bob').post(anna(`/users/${gus}/delete`), { acknowledgements: deletion });
    expect(holding('gus@corporate.example')).toEqual([]);
  });

  it('P19: what was due later falls due: invitations expire, a lost domain lapses', async () => {
    await scene.days(1);
    await scene.days(31);
    await scene.signIn('anna');
    const { items } = await scene.as('anna').get(anna('/audit-events?type=DomainValidationLapsed&limit=200'));
    expect(items.map(({ data }: Json) => data.domain).toSorted()).toEqual(['field.example', 'labs.example']);
    const { total } = await scene.as('anna').get(anna('/users?kind=pending'));
    expect(total).toBe(0);
  });

  it('P19: stops, and answers the same with another master key and every read model made anew from the log', async () => {
    const before = await answers();
    await close();
    expect(await orgledger('rebuild')).toContain('exit code 0');
    expect(await orgledger('rotate-master-key')).toContain('exit code 0');
    await open();
    expect(await answers()).toEqual(before);
  });

  it('P19, P2: with the checkpoint of the policies lost as well, nothing is done twice', async () => {
    const [newest] = await history('');
    await close();
    for (const store of ['read-models.db', 'work.db']) rmSync(join(folder, store));
    await open();
    const since = (await history('')).filter((event) => Number(event.position) > Number(newest.position));
    // An account does not remember what it was told last: it is told again what its people are called.
    expect(since.filter(({ type }) => type !== 'AccountUserUpdated')).toEqual([]);
    expect((await scene.operator.get('/v1/operations/parked')).items).toEqual([]);
    await close();
    expect(await orgledger('verify')).toContain('The log is whole.');
  });
});
