import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const configs = ['.dependency-cruiser.cjs', '.dependency-cruiser.run-time.cjs'];
const forbidden: readonly { readonly name: string }[] = configs.flatMap(
  (name) => createRequire(import.meta.url)(`../../${name}`).forbidden,
);
const run = promisify(execFile);
const cruiser = resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

const violationsOf = async (config: string, folder: string): Promise<Violation[]> => {
  const settings = ['--config', config, '--preserve-symlinks', '--output-type', 'json'];
  // The json report answers exit code 0 whatever it found.
  const { stdout } = await run(process.execPath, [cruiser, ...settings, 'apps', 'libs'], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout).summary.violations;
};

const violationsIn = async (folder: string): Promise<Violation[]> =>
  (await Promise.all(configs.map((config) => violationsOf(config, folder)))).flat();

/** One violation per rule: a new file, or lines added to one that the rule names. */
const probes: Readonly<
  Record<string, { readonly file: string; readonly text: string; readonly adds?: true }>
> = {
  'story-is-pure': { file: 'libs/organizations/src/organization.ts', text: "import 'node:fs';", adds: true },
  'values-are-pure': {
    file: 'libs/accounts/src/probe.projection.ts',
    text: "import { Injectable } from '@nestjs/common';\nexport const probe = Injectable;",
  },
  'values-know-only-the-types-of-neighbours': {
    file: 'libs/accounts/src/when-probed.policy.ts',
    text: "import { user } from '#users';\nexport const probe = user;",
  },
  'neighbours-through-the-door': {
    file: 'libs/accounts/src/probe-neighbour.ts',
    text: "import { user } from '../../users/src/user.ts';\nexport const probe = user;",
  },
  'routes-are-thin': {
    file: 'libs/accounts/src/probe.http.ts',
    text: "import { account } from './account.ts';\nexport const probe = account;",
  },
  'queries-read-only': {
    file: 'libs/accounts/src/probe.queries.ts',
    text: "import { openEmbeddedEvents } from '#event-store';\nexport const probe = openEmbeddedEvents;",
  },
  'one-home-for-eventstore': {
    file: 'libs/accounts/src/probe-eventstore.ts',
    text: "import { START } from '@eventstore/db-client';\nexport const probe = START;",
  },
  'one-home-for-mongodb': {
    file: 'libs/accounts/src/probe-mongodb.ts',
    text: "import type { Filter } from 'mongodb';\nexport type Probe = Filter<object>;",
  },
  'mongodb-types-only-in-the-port': {
    file: 'libs/read-models/src/probe-mongodb.ts',
    text: "import { MongoClient } from 'mongodb';\nexport const probe = MongoClient;",
  },
  'one-home-for-sqlite': {
    file: 'libs/event-store/src/probe-sqlite.ts',
    text: "import { DatabaseSync } from 'node:sqlite';\nexport const probe = DatabaseSync;",
  },
  'heavy-clients-are-loaded-late': {
    file: 'libs/event-store/src/probe-eager.ts',
    text: "export { openEventStoreDb } from './eventstoredb/open.ts';",
  },
  'kernel-depends-on-nothing': {
    file: 'libs/kernel/src/probe.ts',
    text: "import { inspect } from 'node:util';\nexport const probe = inspect;",
  },
  'kernel-grammar-compares-only': {
    file: 'libs/kernel/src/specification.ts',
    text: "import 'node:fs';",
    adds: true,
  },
  'libs-never-apps': {
    file: 'libs/accounts/src/probe-app.ts',
    text: "import '../../../apps/api/src/start.ts';",
  },
  'nouns-never-the-application': {
    file: 'libs/accounts/src/probe-application.ts',
    text: "import { serve } from '#application';\nexport const probe = serve;",
  },
  'no-cycles': {
    file: 'libs/accounts/src/probe-cycle-a.ts',
    text: "import { b } from './probe-cycle-b.ts';\nexport const a = () => b;",
  },
  'no-undeclared-dependency': {
    file: 'libs/accounts/src/probe-undeclared.ts',
    text: "import 'google-protobuf';",
  },
  'nothing-unresolved': { file: 'libs/accounts/src/probe-unresolved.ts', text: "import './nowhere.ts';" },
  'no-development-dependency-in-the-product': {
    file: 'libs/accounts/src/probe-development.ts',
    text: "import 'fast-check';",
  },
  'the-product-never-its-tests': {
    file: 'libs/accounts/src/probe-test.ts',
    text: "import '../../../test/support/probe.ts';",
  },
};

const further: Readonly<Record<string, string>> = {
  'libs/accounts/src/probe-cycle-b.ts': "import { a } from './probe-cycle-a.ts';\nexport const b = () => a;",
  'libs/accounts/src/innocent-cycle-a.ts':
    "import type { B } from './innocent-cycle-b.ts';\nexport interface A { b?: B }\nexport const a = 1;",
  'libs/accounts/src/innocent-cycle-b.ts':
    "import { a } from './innocent-cycle-a.ts';\nexport type B = typeof a;",
  // Two of these files in a circle that types close, whichever two; all three in one that runs.
  'libs/accounts/src/hidden-cycle-a.ts':
    "import { b } from './hidden-cycle-b.ts';\nimport type { C } from './hidden-cycle-c.ts';\nexport type A = C | typeof b;\nexport const a = () => b;",
  'libs/accounts/src/hidden-cycle-b.ts':
    "import type { A } from './hidden-cycle-a.ts';\nimport { c } from './hidden-cycle-c.ts';\nexport type B = A | typeof c;\nexport const b = () => c;",
  'libs/accounts/src/hidden-cycle-c.ts':
    "import { a } from './hidden-cycle-a.ts';\nimport type { B } from './hidden-cycle-b.ts';\nexport type C = B | typeof a;\nexport const c = () => a;",
  'libs/accounts/src/innocent.projection.ts':
    "import type { UserEvent } from '#users';\nexport const innocent: UserEvent[] = [];",
  'libs/accounts/src/innocent.spec.ts': "import 'fast-check';\nimport '../../users/src/user.ts';",
  'test/support/probe.ts': 'export {};',
};

describe('rules of the house that imports can show', () => {
  let folder: string;
  let found: Violation[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orgledger-probes-'));
    for (const name of ['libs', 'apps', 'package.json', 'tsconfig.json', ...configs])
      await cp(name, join(folder, name), { recursive: true });
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    const plant = async (file: string, text: string) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), `${text}\n`);
    };
    for (const { file, text, adds } of Object.values(probes))
      await (adds ? appendFile(join(folder, file), `${text}\n`) : plant(file, text));
    for (const [file, text] of Object.entries(further)) await plant(file, text);
    found = await violationsIn(folder);
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('the tree as it is breaks none', async () => {
    expect((await violationsIn('.')).map(({ rule, from }) => `${rule.name}: ${from}`)).toEqual([]);
  }, 60_000);

  it('every rule has a probe', () => {
    expect(Object.keys(probes).sort()).toEqual(forbidden.map(({ name }) => name).sort());
  });

  it.each(Object.entries(probes))('%s: a planted violation is caught', (name, { file }) => {
    expect(found.filter(({ from }) => from === file).map(({ rule }) => rule.name)).toContain(name);
  });

  it('no-cycles: a circle that runs is seen also behind those that types close', () => {
    const hidden = found.filter(({ from }) => from.includes('hidden-cycle'));
    expect(new Set(hidden.map(({ rule }) => rule.name))).toEqual(new Set(['no-cycles']));
  });

  it('no-cycles: an edge that carries only types closes no circle, and tests may open doors', () => {
    expect(found.filter(({ from }) => from.includes('innocent'))).toEqual([]);
  });
});
