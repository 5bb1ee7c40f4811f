import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { impurities, writes } from './purity.ts';
import { sources } from './sources.ts';

const stories = sources('libs').filter((path) =>
  /export const \w+: Decider</.test(readFileSync(path, 'utf8')),
);
const values = sources('libs').filter((path) => /\.(?:projection|policy|history|timer)\.ts$/.test(path));
const queries = sources('libs').filter((path) => path.endsWith('.queries.ts'));

describe('stories and tables are pure', () => {
  it('every story of the house is found by what it is: a decider', () => {
    expect(stories.map((path) => path.split('/').at(-1))).toEqual([
      'account-addition.ts',
      'account-slots.ts',
      'account.ts',
      'api-key.ts',
      'claim.ts',
      'credential.ts',
      'domain-check.ts',
      'domain-slots.ts',
      'domain.ts',
      'bulk-import.ts',
      'import.ts',
      'invitation-delivery.ts',
      'invitation.ts',
      'merge.ts',
      'organization-limits.ts',
      'organization.ts',
      'user.ts',
    ]);
  });

  it.each([...stories, ...values])('%s names no time, no chance, no outside world', (path) => {
    expect(impurities(path, readFileSync(path, 'utf8'))).toEqual([]);
  });

  it.each([
    ['Date', 'export const at = () => new Date().toISOString();'],
    ['Date', 'export const due = (at: string) => Date.parse(at);'],
    ['Math.random', 'export const id = () => Math.random();'],
    ['Math.random', "export const id = () => Math['random']();"],
    ['async', 'export const decide = async () => [];'],
    ['await', 'for await (const event of events) fold(event);'],
    ['Promise', 'export const decide = () => Promise.resolve([]);'],
    ['throw', 'export const decide = () => { throw new Error("no"); };'],
    ['try', 'export const decide = () => { try { return 1; } finally { count(); } };'],
    ['class', 'export class Organization {}'],
    ['class', 'export const Organization = class {};'],
    ['process', 'export const limit = Number(process.env.LIMIT);'],
    ['console', "export const decide = () => console.log('decided');"],
    ['globalThis', "export const now = globalThis['Date'];"],
    ['crypto', 'export const id = () => crypto.randomUUID();'],
    ['import()', "export const later = () => import('./user.ts');"],
    ['module-level let', 'export let decided = 0;'],
  ])('a planted %s is caught: %s', (what, text) => {
    expect(impurities('probe.ts', text).map((found) => found.what)).toContain(what);
  });

  it('a word in a comment, a string, a type or a key is none of these', () => {
    const innocent = `
      // throw, class, Date and await in a comment
      export type Timer = { readonly process: Promise<Date> };
      export const words = ['async', 'Math.random', 'console'];
      export const decide = (event: { process: string }) => ({ process: event.process });
    `;
    expect(impurities('probe.ts', innocent)).toEqual([]);
  });
});

describe('queries read only', () => {
  it.each(queries)('%s calls nothing that writes', (path) => {
    expect(writes(path, readFileSync(path, 'utf8'))).toEqual([]);
  });

  it.each([
    'this.#execution.run(step, envelope);',
    'store.append(stream, 0, []);',
    'users.updateOne({}, {});',
  ])('a planted write is caught: %s', (text) => {
    expect(writes('probe.queries.ts', text)).toHaveLength(1);
  });
});
