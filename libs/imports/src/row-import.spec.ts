import { expect, it } from '@jest/globals';
import { RowImport } from './row-import.ts';

type Parts = ConstructorParameters<typeof RowImport>;
type Asked = Parameters<RowImport['outcomeOf']>;

const turn = Promise.withResolvers<void>();
const nothing = {} as never;
const rows = new RowImport(
  nothing,
  nothing,
  { load: () => Promise.reject(new Error('begun')) } as unknown as Parts[2],
  nothing,
  nothing,
  { turnToBegin: () => turn.promise } as Parts[5],
);
const run = { importId: 'imp_1' } as Asked[0];
const chosen = { row: 1, person: { userId: 'usr_1' } } as Asked[1];

it('P16: what waits for its turn when the product stops does not begin any more', async () => {
  const stopping = new AbortController();
  const stopped = rows.outcomeOf(run, chosen, 'event-1', stopping.signal);
  const goingOn = rows.outcomeOf(run, chosen, 'event-1', new AbortController().signal);
  stopping.abort();
  turn.resolve();
  expect(await stopped).toBeUndefined();
  await expect(goingOn).rejects.toThrow('begun');
});
