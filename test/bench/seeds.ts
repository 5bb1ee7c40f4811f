import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, openStores, policies } from '#application';
import { type EventStore, type NewEvent, readableEvents } from '#event-store';
import type { EventMetadata } from '#kernel';
import { readSettings } from '#settings';
import { MasterKey, PersonalKeys } from '#tokens';
import { productEnv } from './product.ts';

export const newMetadata = (organizationId: string, userId: string, occurredAt: string): EventMetadata => {
  const commandId = randomUUID();
  return {
    commandId,
    fingerprint: 'rN3hVg0Yp7w1qkT4mLzJxQ5bC8dEfGhIoPsUvXyZ012',
    correlationId: commandId,
    causationId: null,
    actor: { type: 'user', id: userId },
    source: 'api',
    sourceIp: null,
    userAgent: null,
    organizationId,
    schemaVersion: 1,
    occurredAt,
  };
};

export interface Seed {
  readonly stream: string;
  readonly expected: number;
  readonly type: string;
  readonly data: object;
  readonly organizationId: string;
  readonly occurredAt: string;
}

/** The data of a seed is of the first version of its event; what writes the newest one raises it. */
export const raised = ({ type, data }: Seed): object =>
  (catalogue[type]?.upcast ?? []).reduce<object>((old, raise) => raise(old as never), data);

/** Appends in order, so many at a time. */
export const appendAll = async (
  events: EventStore,
  seeds: Iterable<Seed>,
  ownerId: string,
  atOnce = 2_000,
  dataOf: (seed: Seed) => object = ({ data }) => data,
): Promise<number> => {
  let written = 0;
  let group: Promise<unknown>[] = [];
  for (const seed of seeds) {
    const { stream, expected, type, organizationId, occurredAt } = seed;
    const metadata = newMetadata(organizationId, ownerId, occurredAt);
    const event: NewEvent = { id: randomUUID(), type, data: dataOf(seed), metadata };
    group.push(events.append(stream, expected, [event]));
    written += 1;
    if (group.length < atOnce) continue;
    await Promise.all(group);
    group = [];
  }
  await Promise.all(group);
  return written;
};

/** Into the log of a product that is stopped; personal fields in plain text. */
export const seedStopped = async (folder: string, seeds: Iterable<Seed>, ownerId: string): Promise<void> => {
  const { events, close } = await openStores(readSettings(productEnv(folder)));
  await appendAll(events, seeds, ownerId);
  const head = await events.head();
  await close();
  await policiesHaveSeenAll(folder, head);
};

/** Into the log of a product that is stopped, as it writes: personal fields sealed, each person with a key of their own. */
export const intoSealed = async (
  folder: string,
  seed: (events: EventStore) => Promise<unknown>,
): Promise<void> => {
  const { events, keys, close } = await openStores(readSettings(productEnv(folder)));
  await seed(readableEvents(events, catalogue, new PersonalKeys(keys, MasterKey.load(undefined, folder))));
  const head = await events.head();
  await close();
  await policiesHaveSeenAll(folder, head);
};

export const seedSealed = (
  folder: string,
  seeds: Iterable<Seed>,
  ownerId: string,
  atOnce = 2_000,
): Promise<void> => intoSealed(folder, (events) => appendAll(events, seeds, ownerId, atOnce, raised));

/** Built from nothing, read models of many events are there sooner than if they followed. */
export const forgetReadModels = (folder: string): void => {
  for (const name of readdirSync(folder)) if (name.startsWith('read-models.db')) rmSync(join(folder, name));
};

/** What was seeded is history: nobody is mailed because of it. */
export const policiesHaveSeenAll = async (folder: string, position: number): Promise<void> => {
  const { work, close } = await openStores(readSettings(productEnv(folder)));
  for (const { name } of policies)
    await work.collection('policies').replaceOne({ _id: name }, { position } as never, { upsert: true });
  await close();
};

const hex = (prefix: string, kind: string, number: number): string =>
  `${prefix}_${kind}${number.toString(16).padStart(31, '0')}`;

const consonants = 'bdfghjklmnprstvw';
const vowels = 'aeiou';
const syllable = (number: number): string =>
  `${consonants[number % 16]}${vowels[Math.floor(number / 16) % 5]}`;

/** One of 32,000 family names, as if by chance; a sixteenth of the people begins with each consonant. */
const familyName = (number: number): string => {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed = (mixed ^ (mixed >>> 16)) >>> 0;
  return `${syllable(mixed % 80)}${syllable((mixed >>> 8) % 80)}${vowels[(mixed >>> 16) % 5]}r`;
};

export interface Member {
  readonly userId: string;
  readonly email: string;
  readonly domain: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly role: 'administrator' | 'standard_user';
  readonly kind: 'managed' | 'pending';
  readonly joinedAt: string;
  /** As the read model keeps it. */
  readonly name: string;
}

const BEGINNING = Date.parse('2024-01-01T00:00:00.000Z');

/** The n-th member of an organization, always the same: every tenth is pending, every twentieth administrates. */
export const member = (mark: string, number: number): Member => {
  const pending = number % 10 === 9;
  const family = familyName(number);
  const givenName = pending ? '' : `Given${number}`;
  const domain = `${['north', 'east', 'south', 'west'][number % 4]}.${mark}.example`;
  const email = `${family}.${number}@${domain}`;
  return {
    userId: hex('usr', mark, number),
    email,
    domain,
    givenName,
    familyName: pending ? '' : family,
    role: number % 20 === 0 ? 'administrator' : 'standard_user',
    kind: pending ? 'pending' : 'managed',
    joinedAt: new Date(BEGINNING + number * 60_000).toISOString(),
    name: `${pending ? '' : family} ${givenName} ${email}`.trim().toLowerCase(),
  };
};

/** Who owns the account of that number, in an organization of so many members. */
export const accountId = (mark: string, number: number): string => hex('acc', mark, number);

/** The members of one organization (`mark`: one hex digit), and an account for every hundredth of them. */
export function* organizationOf(
  mark: string,
  organizationId: string,
  ownerId: string,
  count: number,
): Generator<Seed> {
  for (let number = 0; number < count; number++) {
    const {
      userId,
      email,
      domain,
      givenName,
      familyName: family,
      role,
      kind,
      joinedAt,
    } = member(mark, number);
    const about = { organizationId, occurredAt: joinedAt };
    if (kind === 'pending') {
      const invitationId = hex('inv', mark, number);
      const expiresAt = '2099-01-01T00:00:00.000Z';
      const data = {
        invitationId,
        organizationId,
        userId,
        email,
        domain,
        role,
        kind: 'new_user',
        invitedBy: ownerId,
      };
      const sent = { ...data, generation: 1, tokenHash: 'x'.repeat(43), sentAt: joinedAt, expiresAt };
      yield { stream: `invitation-${invitationId}`, expected: -1, type: 'InviteSent', data: sent, ...about };
      continue;
    }
    const person = { userId, email, domain, givenName, familyName: family };
    const joined = { ...person, organizationId, role, via: 'invitation', invitationId: null, joinedAt };
    yield { stream: `user-${userId}`, expected: -1, type: 'UserJoinedOrg', data: joined, ...about };
    if (number % 100 !== 0) continue;
    const account = accountId(mark, number);
    const created = {
      accountId: account,
      organizationId,
      name: `Account ${number}`,
      ownerId: userId,
      createdAt: joinedAt,
    };
    yield { stream: `account-${account}`, expected: -1, type: 'AccountCreated', data: created, ...about };
  }
}

/** Five events in the life of everybody: registered, invited, accepted, joined, renamed. */
export function* lives(organizationId: string, ownerId: string, people: number, first = 0): Generator<Seed> {
  const occurredAt = '2025-01-01T00:00:00.000Z';
  const about = { organizationId, occurredAt };
  const GROUP = 500;
  for (let from = first; from < people; from += GROUP) {
    const group = Array.from({ length: Math.min(GROUP, people - from) }, (_, index) => {
      const person = member('d', from + index);
      const invitationId = hex('inv', 'd', from + index);
      return {
        ...person,
        invitationId,
        user: `user-${person.userId}`,
        invitation: `invitation-${invitationId}`,
      };
    });
    for (const { user: stream, userId, email, domain, invitationId } of group) {
      const data = {
        userId,
        email,
        domain,
        givenName: '',
        familyName: '',
        registeredAt: occurredAt,
        status: 'pending',
        via: 'invitation',
        invitationId,
        organizationId,
      };
      yield { stream, expected: -1, type: 'UserRegistered', data, ...about };
    }
    for (const { invitation: stream, userId, email, domain, role, invitationId } of group) {
      const data = {
        invitationId,
        organizationId,
        userId,
        email,
        domain,
        role,
        kind: 'new_user',
        invitedBy: ownerId,
        generation: 1,
        tokenHash: 'x'.repeat(43),
        sentAt: occurredAt,
        expiresAt: '2099-01-01T00:00:00.000Z',
      };
      yield { stream, expected: -1, type: 'InviteSent', data, ...about };
    }
    for (const { invitation: stream, userId, role, invitationId, givenName, familyName: family } of group) {
      const data = { invitationId, organizationId, userId, role, givenName, familyName: family };
      yield { stream, expected: 0, type: 'InviteAccepted', data, ...about };
    }
    for (const {
      user: stream,
      userId,
      email,
      domain,
      role,
      invitationId,
      givenName,
      familyName: family,
    } of group) {
      const data = {
        userId,
        email,
        domain,
        givenName,
        familyName: family,
        organizationId,
        role,
        via: 'invitation',
        invitationId,
        joinedAt: occurredAt,
      };
      yield { stream, expected: 0, type: 'UserJoinedOrg', data, ...about };
    }
    for (const { user: stream, userId, givenName, familyName: family } of group) {
      const data = {
        userId,
        organizationId,
        givenName: `${givenName} Renamed`,
        familyName: family,
        previousGivenName: givenName,
        previousFamilyName: family,
      };
      yield { stream, expected: 1, type: 'UserProfileUpdated', data, ...about };
    }
  }
}

/** Managed users of exactly this domain. */
export function* peopleOf(
  { organizationId, domain }: { readonly organizationId: string; readonly domain: string },
  count: number,
): Generator<Seed> {
  const occurredAt = '2025-01-01T00:00:00.000Z';
  for (let from = 0; from < count; from += 500) {
    const group = Array.from({ length: Math.min(500, count - from) }, (_, index) => {
      const userId = `usr_${(from + index).toString(16).padStart(32, '0')}`;
      const called = {
        email: `p${from + index}@${domain}`,
        domain,
        givenName: 'Given',
        familyName: 'Family',
      };
      return { person: { userId, ...called }, stream: `user-${userId}`, organizationId, occurredAt };
    });
    for (const { person, ...about } of group) {
      const data = { ...person, registeredAt: occurredAt, joinsAfterVerification: null };
      const registered = { ...data, status: 'active', via: 'sign_up', founds: null };
      yield { ...about, expected: -1, type: 'UserRegistered', data: registered };
    }
    for (const { person, ...about } of group) {
      const joined = { ...person, organizationId, role: 'standard_user', via: 'import', invitationId: null };
      const data = { ...joined, ownedAccountIds: [], joinedAt: occurredAt };
      yield { ...about, expected: 0, type: 'UserJoinedOrg', data };
    }
  }
}
