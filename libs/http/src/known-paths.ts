import type { FastifyInstance } from 'fastify';
import { pathOf } from './problem.ts';

interface Known {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Which methods a path answers; asked only after the router found nothing. */
export class KnownPaths {
  readonly #known = new Map<string, Known>();

  /** Must be called before the first route is registered. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (url.startsWith('/*') || url === '*') return;
      const known = this.#known.get(url) ?? { pattern: patternOf(url), methods: new Set() };
      for (const name of [method].flat()) known.methods.add(name);
      this.#known.set(url, known);
    });
  }

  /** Every route, `*` and the like left out. */
  routes(): { method: string; path: string }[] {
    return [...this.#known].flatMap(([path, { methods }]) =>
      [...methods].map((method) => ({ method, path })),
    );
  }

  methodsOf(url: string): readonly string[] {
    const path = pathOf(url);
    const methods = [...this.#known.values()].flatMap(({ pattern, methods }) =>
      pattern.test(path) ? [...methods] : [],
    );
    return [...new Set(methods)].sort();
  }
}

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .split('/')
      .map((segment) =>
        segment === '*'
          ? '.*'
          : segment.startsWith(':')
            ? '[^/]+'
            : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      )
      .join('/')}$`,
  );
