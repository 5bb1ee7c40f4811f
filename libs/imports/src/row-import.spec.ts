import { expect, it } from '@jest/globals';
import { anonymous, commandIdFor, idFrom, namedBeside, namedUuid } from '#commands';
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
  { turnToBegin: () => turn.promise } as unknown as Parts[5],
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

it.each([
  { timed: false, id: namedUuid },
  { timed: true, id: namedBeside },
])('P16, P19: whoever does a row again finds what was done, timed: $timed', async ({ timed, id }) => {
  const userId = idFrom(commandIdFor(anonymous, undefined, null), 'usr');
  const done = (traces: ReadonlyMap<string, unknown>) =>
    new RowImport(
      nothing,
      nothing,
      { load: async () => ({ state: {}, traces }) } as unknown as Parts[2],
      nothing,
      { finish: async () => ({ status: 'completed' }) } as unknown as Parts[4],
      { turnToBegin: async () => {} } as unknown as Parts[5],
    ).outcomeOf(
      { importId: 'imp_1', timed } as Asked[0],
      { row: 1, person: { userId } } as Asked[1],
      'event-1',
      new AbortController().signal,
    );
  const joining = id(`imp_1/${userId}`, userId);
  const mergeId = idFrom(joining, 'mrg');
  const imported = { row: 1, userId, outcome: 'imported' };
  expect(await done(new Map([[joining, {}]]))).toEqual({ ...imported, mergeId: null });
  const moved = id(`${mergeId}/${userId}`, mergeId);
  expect(await done(new Map([[moved, {}]]))).toEqual({ ...imported, mergeId });
});
