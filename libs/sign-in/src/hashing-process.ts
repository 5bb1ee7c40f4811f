import { hash, verify } from '@node-rs/argon2';
import { giveWay } from './give-way.ts';
import { cost, type Hashed, type Task } from './hashing.ts';

giveWay();

process.on('message', async ({ id, password, kept }: Task) => {
  const answer: Hashed = await (kept === undefined ? hash(password, cost) : verify(kept, password)).then(
    (result) => ({ id, result }),
    (error: Error) => ({ id, failure: error.message }),
  );
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());
