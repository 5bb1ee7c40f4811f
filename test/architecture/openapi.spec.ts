import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serve } from '#application';
import { readSettings } from '#settings';

interface Operation {
  readonly summary?: string;
  readonly parameters: readonly { readonly name: string }[];
  readonly responses: Readonly<Record<string, Response>>;
}
interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** True when what it answers as JSON is described, or it answers none. */
const isExact = ({ content = {} }: Response): boolean =>
  Object.values(content).every(({ schema }) => Object.keys(schema).length > 0);

/**
 * The operations that do not say what they do or what they answer, and the commands that do not say why they may be
 * refused. Whether answers are as described is held by every journey.
 */
const untold = (paths: Paths): string[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { summary, responses }]) => [
      ...(/\w\.$/.test(summary ?? '') ? [] : [`${method} ${path}: summary`]),
      ...(Object.values(responses).every(isExact) ? [] : [`${method} ${path}: answer`]),
      ...(method === 'get' || /: [a-z_]+(, [a-z_]+)*\.$/.test(responses['4XX']?.description ?? '')
        ? []
        : [`${method} ${path}: refusals`]),
    ]),
  );

describe('/openapi.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-openapi-'));
  let paths: Paths;
  beforeAll(async () => {
    const serving = await serve(
      readSettings({ PORT: '0', ORGLEDGER_DATA_DIR: folder, LOG_LEVEL: 'error' }),
      '0.0.0-test',
    );
    const answer = await fetch(`${serving.url}/openapi.json`);
    ({ paths } = (await answer.json()) as { paths: Paths });
    await serving.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says of every operation what it does and answers, and of every command with which codes it may be refused', () => {
    expect(Object.keys(paths).length).toBeGreaterThan(60);
    expect(untold(paths)).toEqual([]);
  });

  it('offers a dry run of every command but those of signing in, of operations and of the sandbox', () => {
    const without = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(
          ([method, { parameters }]) => method !== 'get' && !parameters.some(({ name }) => name === 'dryRun'),
        )
        .map(([method]) => `${method} ${path}`),
    );
    expect(without.sort()).toEqual([
      'delete /sandbox/dns/{name}/TXT',
      'delete /sandbox/https/{host}',
      'post /sandbox/clock/advance',
      'post /v1/operations/parked/{id}/retry',
      'post /v1/operations/projections/{name}/rebuild',
      'post /v1/sessions',
      'post /v1/sessions/two-factor',
      'post /v1/sessions/two-factor/resend',
      'put /sandbox/dns/{name}/TXT',
      'put /sandbox/https/{host}',
    ]);
  });

  it('finds a planted operation that says nothing', () => {
    const answer = { description: 'Found.', content: { 'application/json': { schema: {} } } };
    const told = { parameters: [], responses: { '2XX': answer, '4XX': { description: 'Refused.' } } };
    expect(untold({ ...paths, '/v1/planted': { get: told, put: told } })).toEqual([
      'get /v1/planted: summary',
      'get /v1/planted: answer',
      'put /v1/planted: summary',
      'put /v1/planted: answer',
      'put /v1/planted: refusals',
    ]);
  });
});
