import { expect, it } from '@jest/globals';
import { scratchDocuments } from '../../../test/support/scratch-documents.ts';
import { Credentials } from './index.ts';

it('one password hash per person: set, changed, taken away', async () => {
  const { store, close } = await scratchDocuments();
  let now = 0;
  const credentials = new Credentials(store, { now: () => now });
  expect(await credentials.find('usr_1')).toBeUndefined();
  await credentials.set('usr_1', 'one');
  now = 1_000;
  await credentials.set('usr_1', 'two');
  expect(await credentials.find('usr_1')).toEqual({
    _id: 'usr_1',
    hash: 'two',
    changedAt: '1970-01-01T00:00:01.000Z',
  });
  await credentials.remove('usr_1');
  expect(await credentials.find('usr_1')).toBeUndefined();
  await close();
});
