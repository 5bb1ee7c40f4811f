import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Serving, serve } from '#application';
import type { EventMetadata, RecordedEvent } from '#kernel';
import { readSettings } from '#settings';
import { run } from './run.ts';
import { examine } from './verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'orgledger-cli-'));
const empty = join(folder, 'empty');
const data = join(folder, 'data');
const env = (dataDir: string) => ({ ORGLEDGER_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent' });

const orgledger = async (dataDir: string, ...words: string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(words, env(dataDir), {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('orgledger beside a folder with a history', () => {
  let serving: Serving;
  let token: string;

  beforeAll(async () => {
    serving = await serve(readSettings(env(data)), '0.0.0-test');
    token = serving.operatorToken;
    const answer = await fetch(`${serving.url}/v1/sign-ups`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: 'anna@corporate.example',
        password: 'a long quiet river 9',
        givenName: 'Anna',
        familyName: 'Berg',
      }),
    });
    expect(answer.status).toBe(201);
  });

  it('a folder in use: verify names who holds it, doctor does not call it trouble', async () => {
    const verified = await orgledger(data, 'verify');
    expect(verified).toMatchObject({ code: 1, err: expect.stringContaining(`process ${process.pid}`) });
    const examined = await orgledger(data, 'doctor');
    expect(examined).toMatchObject({ code: 0, out: expect.stringContaining('is in use by process') });
  });

  it('verify counts what happened and finds the log whole', async () => {
    await serving.stop();
    const { code, out, err } = await orgledger(data, 'verify');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('OrganizationCreated');
    expect(out).toContain('The log is whole.');
  });

  it('operator-token prints what the running product asked for', async () => {
    expect(await orgledger(data, 'operator-token')).toEqual({ code: 0, out: token, err: '' });
  });

  it('doctor finds the folder and its stores well', async () => {
    const { code, out } = await orgledger(data, 'doctor');
    expect(out).toContain('ok       events answers');
    expect(out).toContain('the newest event happened at');
    expect({ code, out }).not.toMatchObject({ out: expect.stringContaining('trouble') });
    expect(code).toBe(0);
  });

  it('doctor says which file is not the product’s', async () => {
    const foreign = join(folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'events.db'), 'a letter, not a database '.repeat(20));
    const { code, out } = await orgledger(foreign, 'doctor');
    expect({ code, out }).toMatchObject({
      code: 1,
      out: expect.stringContaining('events.db is not a database'),
    });
  });

  it('rotate-master-key keeps what the old key opened; sessions and the operator go on', async () => {
    expect((await orgledger(data, 'rotate-master-key')).code).toBe(0);
    expect(existsSync(join(data, 'master.key.root'))).toBe(true);
    expect(await orgledger(data, 'operator-token')).toEqual({ code: 0, out: token, err: '' });
    expect((await orgledger(data, 'verify')).code).toBe(0);
  });

  it('rebuild drops the read models; the next start works as before', async () => {
    expect((await orgledger(data, 'rebuild')).code).toBe(0);
    expect(existsSync(join(data, 'read-models.db'))).toBe(false);
    const again = await serve(readSettings(env(data)), '0.0.0-test');
    try {
      const call = async (path: string, bearer: string, body?: object) =>
        (
          await fetch(again.url + path, {
            method: body ? 'POST' : 'GET',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
            body: body && JSON.stringify(body),
          })
        ).json() as Promise<{ token: string; email: string; items: { position: string }[] }>;
      const session = await call('/v1/sessions', '', {
        email: 'anna@corporate.example',
        password: 'a long quiet river 9',
      });
      expect(await call('/v1/me', session.token)).toMatchObject({ email: 'anna@corporate.example' });
      const { items } = await call('/v1/operations/projections', token);
      expect(items.length).toBeGreaterThan(3);
    } finally {
      await again.stop();
    }
  });
});

describe('orgledger without anything to work on', () => {
  it.each([
    ['verify', 'There is no log'],
    ['operator-token', 'There is no master key'],
    ['rotate-master-key', 'There is no master key'],
    ['rebuild', 'There are no read models'],
  ])('%s says so and makes nothing', async (name, sentence) => {
    const { code, err } = await orgledger(empty, name);
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining(sentence) });
    expect(existsSync(empty)).toBe(false);
  });

  it('help lists every command; an unknown one is refused with the list', async () => {
    const { code, out } = await orgledger(empty, 'help');
    expect(code).toBe(0);
    for (const name of [
      'serve',
      'operator-token',
      'verify',
      'rebuild',
      'rotate-master-key',
      'doctor',
      'help',
    ])
      expect(out).toContain(name);
    expect(await orgledger(empty, 'repair')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no command is called repair'),
    });
    expect(await orgledger(empty, 'verify', '--fix')).toMatchObject({ code: 2 });
    expect(await orgledger(empty, 'constructor')).toMatchObject({ code: 2 });
  });

  it('a wrong setting is one sentence that names it', async () => {
    const err: string[] = [];
    const code = await run(['doctor'], { PORT: 'many' }, { out: () => {}, err: (line) => err.push(line) });
    expect({ code, err: err.join() }).toMatchObject({ code: 1, err: expect.stringContaining('PORT') });
  });
});

describe('the examination of a log', () => {
  const metadata = {} as EventMetadata;
  const event = (position: number, revision: number, id: string, more: object = {}): RecordedEvent => ({
    id,
    stream: 'user-usr_1',
    revision,
    position,
    type: 'UserSignedUp',
    data: {},
    metadata,
    ...more,
  });
  const troubles = async (...events: RecordedEvent[]) =>
    (
      await examine(
        (async function* () {
          yield events;
        })(),
      )
    ).troubles;

  it('a whole log has no trouble', async () => {
    expect(await troubles(event(1, 0, 'a'), event(2, 1, 'b'))).toEqual([]);
  });

  it.each([
    ['a gap', [event(1, 0, 'a'), event(2, 2, 'b')], 'revision 1 is missing'],
    ['a missing beginning', [event(1, 1, 'a')], 'revision 0 is missing'],
    ['an id twice', [event(1, 0, 'a'), event(2, 1, 'a')], 'stands in the log already'],
    ['a position that falls', [event(2, 0, 'a'), event(1, 1, 'b')], 'comes after position 2'],
    [
      'an unreadable event',
      [event(1, 0, 'a', { unreadable: 'no catalogue knows it' })],
      'no catalogue knows it',
    ],
  ])('%s is found', async (_what, events, sentence) => {
    expect(await troubles(...events)).toEqual([expect.stringContaining(sentence)]);
  });
});
