import { createCipheriv, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Catalogue, EventMetadata, RecordedEvent } from '#kernel';
import { metadata } from '../../../test/support/scripted-log.ts';
import { openEmbeddedEvents } from './embedded/open.ts';
import { ERASED } from './personal-fields.ts';
import { type EventStore, InvalidAppend, type NewEvent, Together } from './port.ts';
import { readableEvents, type SubjectKeys } from './readable-events.ts';

const catalogue: Catalogue = {
  PersonNamed: { summary: 'named', personal: { name: 'personId' } },
  PeopleMet: {
    summary: 'met',
    personal: { email: 'personId', givenName: 'personId', familyName: 'personId', other: 'otherId' },
  },
  Moved: {
    summary: 'moved',
    version: 3,
    upcast: [(data) => ({ ...data, second: true }), (data) => ({ ...data, third: data.second })],
  },
};

class Keys implements SubjectKeys {
  readonly held = new Map<string, Buffer | null>();
  async of(subjects: readonly string[], { create }: { readonly create: boolean }) {
    const found = new Map<string, Buffer | null>();
    for (const subject of subjects) {
      if (create && !this.held.has(subject)) this.held.set(subject, randomBytes(32));
      found.set(subject, this.held.get(subject) ?? null);
    }
    return found;
  }
  forget(): void {}
}

const an = (type: string, data: object, more: Partial<EventMetadata> = {}): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { ...metadata, ...more },
});

describe('the exit of the log', () => {
  let folder: string;
  let stored: EventStore;
  let keys: Keys;
  /** Another process: it remembers nothing of what was appended. */
  const reader = (known: Catalogue = catalogue) => readableEvents(stored, known, keys);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'orgledger-readable-'));
    stored = openEmbeddedEvents(folder);
    keys = new Keys();
  });
  afterEach(async () => {
    await stored.close();
    rmSync(folder, { recursive: true });
  });

  it('P13: personal fields are not in what is stored, and come out readable, here and elsewhere', async () => {
    const event = an(
      'PersonNamed',
      { personId: 'usr_1', name: 'Anna' },
      { sourceIp: '192.0.2.7', userAgent: 'curl' },
    );
    const here = reader();
    await here.append('person-1', -1, [event]);
    const kept = JSON.stringify(await stored.read('person-1'));
    for (const secret of ['Anna', '192.0.2.7', 'curl']) expect(kept).not.toContain(secret);
    for (const store of [here, reader()]) {
      const [read] = await store.read('person-1');
      expect(read?.unreadable).toBeUndefined();
      expect(read?.data).toEqual(event.data);
      expect(read?.metadata).toEqual(event.metadata);
    }
  });

  it('P14: with the key destroyed the tombstone stands where the person stood, and nothing else changes', async () => {
    await reader().append('person-1', -1, [
      an('PersonNamed', { personId: 'usr_1', name: 'Anna', role: 'owner' }),
    ]);
    keys.held.set('usr_1', null);
    const [read] = await reader().read('person-1');
    expect(read?.unreadable).toBeUndefined();
    expect(read?.data).toEqual({ personId: 'usr_1', name: ERASED, role: 'owner' });
  });

  it('USR-10: what this process has just appended is forgotten with the person, and is not remembered again', async () => {
    const store = reader();
    const named = (name: string) => an('PersonNamed', { personId: 'usr_1', name });
    await store.append('person-1', -1, [
      named('Anna'),
      an('PersonNamed', { personId: 'usr_2', name: 'Bob' }),
    ]);
    keys.held.set('usr_1', null);
    store.forget('usr_1');
    const names = async () =>
      (await store.read('person-1')).map(({ data }) => (data as { name: string }).name);
    expect(await names()).toEqual([ERASED, 'Bob']);
    await store.append('person-1', 1, [named('Anna again')]);
    expect(await names()).toEqual([ERASED, 'Bob', ERASED]);
  });

  it('P14: a sealed field that was moved to another event does not decrypt', async () => {
    const store = reader();
    const first = an('PersonNamed', { personId: 'usr_1', name: 'Anna' });
    await store.append('person-1', -1, [first]);
    const [sealed] = await stored.read('person-1');
    await stored.append('person-2', -1, [
      { id: randomUUID(), type: 'PersonNamed', data: sealed?.data ?? {}, metadata: first.metadata },
    ]);
    const [read] = await reader().read('person-2');
    expect(read?.unreadable).toContain('does not decrypt');
    expect(JSON.stringify(read)).not.toContain('Anna');
  });

  it('P13: what all events of a command say alike is sealed once, and opens nowhere but in that command', async () => {
    const together = new Together();
    const source = { commandId: randomUUID(), sourceIp: '192.0.2.7' };
    const named = (more: object) => an('PersonNamed', { personId: 'usr_1', name: 'Anna' }, more);
    await reader().append('person-1', -1, [named(source), named(source)], together);
    await reader().append('person-2', -1, [named({ ...source, commandId: randomUUID() })], together);
    await together.onDisk;
    const [first, second] = await stored.read('person-1');
    const [other] = await stored.read('person-2');
    expect(second?.metadata.sourceIp).toBe(first?.metadata.sourceIp);
    expect(other?.metadata.sourceIp).not.toBe(first?.metadata.sourceIp);
    const moved = { ...(other as RecordedEvent).metadata, sourceIp: first?.metadata.sourceIp ?? null };
    await stored.append('person-3', -1, [{ ...named({}), metadata: moved }]);
    for (const stream of ['person-1', 'person-2'])
      for (const { metadata } of await reader().read(stream)) expect(metadata.sourceIp).toBe('192.0.2.7');
    const [read] = await reader().read('person-3');
    expect(read?.unreadable).toContain('does not decrypt');
  });

  describe('what an event says about one person', () => {
    const met = {
      personId: 'usr_1',
      email: 'anna@a.example',
      givenName: 'Anna',
      familyName: '',
      otherId: 'usr_2',
      other: 'Bob',
    };
    const event = an('PeopleMet', met);

    it('P13: is sealed together, each person by their own key', async () => {
      await reader().append('met-1', -1, [event]);
      const [kept] = await stored.read('met-1');
      expect(kept?.data).toEqual({
        ...met,
        email: expect.stringMatching(/^sealed:3:[\w-]+$/),
        givenName: 'sealed:in:email',
        other: expect.stringMatching(/^sealed:1:[\w-]+$/),
      });
      const [read] = await reader().read('met-1');
      expect(read?.data).toEqual(met);
    });

    it('P13: is erased together, and nothing of another person with it', async () => {
      await reader().append('met-1', -1, [event]);
      keys.held.set('usr_1', null);
      const [read] = await reader().read('met-1');
      expect(read?.data).toEqual({ ...met, email: ERASED, givenName: ERASED });
    });

    it.each([
      ['moved to another event', {}],
      ['which is said to stand where it does not', { familyName: 'sealed:in:email' }],
      ['which is said to stand where nothing is sealed', { givenName: 'sealed:in:personId' }],
      ['which is said to stand in what belongs to another', { other: 'sealed:in:email' }],
      ['which is said to stand in another that does not hold it', { givenName: 'sealed:in:other' }],
    ])('P14: %s does not decrypt', async (_what, changed) => {
      await reader().append('met-1', -1, [event]);
      const [kept] = (await stored.read('met-1')) as [RecordedEvent];
      const id = Object.keys(changed).length === 0 ? randomUUID() : kept.id;
      const data = { ...kept.data, ...changed };
      const again = { ...stored, read: async () => [{ ...kept, id, data }] } as unknown as EventStore;
      const [read] = await readableEvents(again, catalogue, keys).read('met-1');
      expect(read?.unreadable).toContain('does not decrypt');
      for (const secret of ['anna@a.example', 'Anna', 'Bob'])
        expect(JSON.stringify(read)).not.toContain(secret);
    });
  });

  it('P19: fields that an older release has sealed one by one come out readable', async () => {
    const event = an('PeopleMet', { personId: 'usr_1' });
    const key = (await keys.of(['usr_1'], { create: true })).get('usr_1') as Buffer;
    const sealed = (field: string, value: string) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(`met-1/${event.id}/${field}`));
      const parts = [nonce, cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag()];
      return `sealed:1:${Buffer.concat(parts).toString('base64url')}`;
    };
    const data = {
      ...event.data,
      email: sealed('email', 'a@a.example'),
      givenName: sealed('givenName', 'Anna'),
    };
    await stored.append('met-1', -1, [{ ...event, data }]);
    const [read] = await reader().read('met-1');
    expect(read?.data).toEqual({ personId: 'usr_1', email: 'a@a.example', givenName: 'Anna' });
  });

  it('P19: metadata that an older release has sealed for its event comes out readable', async () => {
    const event = an('PersonNamed', { personId: 'usr_1' });
    const key = (await keys.of([event.metadata.actor.id], { create: true })).get(event.metadata.actor.id);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key as Buffer, nonce);
    cipher.setAAD(Buffer.from(`person-1/${event.id}/sourceIp`));
    const sealed = [nonce, cipher.update('"192.0.2.7"'), cipher.final(), cipher.getAuthTag()];
    const sourceIp = `sealed:1:${Buffer.concat(sealed).toString('base64url')}`;
    await stored.append('person-1', -1, [{ ...event, metadata: { ...event.metadata, sourceIp } }]);
    const [read] = await reader().read('person-1');
    expect(read?.metadata.sourceIp).toBe('192.0.2.7');
  });

  it('an older version is raised step by step, the newest one is left alone', async () => {
    const at = (schemaVersion: number, data: object) => an('Moved', data, { schemaVersion });
    await stored.append('move-1', -1, [at(1, { a: 1 }), at(2, { a: 2, second: false }), at(3, { a: 3 })]);
    expect((await reader().read('move-1')).map(({ data }) => data)).toEqual([
      { a: 1, second: true, third: true },
      { a: 2, second: false, third: false },
      { a: 3 },
    ]);
  });

  it('the newest version is what is written', async () => {
    await reader().append('move-1', -1, [an('Moved', {})]);
    expect((await stored.read('move-1'))[0]?.metadata.schemaVersion).toBe(3);
  });

  it('an unknown type is refused on the way in and marked on the way out', async () => {
    await expect(reader().append('x-1', -1, [an('Unheard', {})])).rejects.toThrow(InvalidAppend);
    expect(await stored.read('x-1')).toEqual([]);
    await stored.append('x-1', -1, [
      an('Unheard', {}),
      an('Moved', {}, { schemaVersion: 4 }),
      an('Moved', []),
    ]);
    expect((await reader().read('x-1')).map(({ unreadable }) => unreadable)).toEqual([
      'no catalogue knows the type Unheard',
      'version 4 of Moved; this release knows up to 3',
      'its data is not a JSON object',
    ]);
  });
});
