import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { sources } from './sources.ts';

const files = sources('libs').map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const told = files
  .filter(({ path }) => path.endsWith('.http.ts'))
  .flatMap(({ path, text }) =>
    [...text.matchAll(/@Told\(([^)]*)\)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/'([a-z]+(?:_[a-z]+)+)'/g)].map(([, code = '']) => ({ path, code })),
    ),
  );

describe('the codes that routes tell of in OpenAPI', () => {
  it('are those of refusals that stand somewhere', () => {
    expect(told.length).toBeGreaterThan(40);
    const written = files.map(({ text }) => text.replaceAll(/@Told\([^)]*\)/g, '')).join('\n');
    expect(told.filter(({ code }) => !written.includes(`'${code}'`))).toEqual([]);
  });
});
