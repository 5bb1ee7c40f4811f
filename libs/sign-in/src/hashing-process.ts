import { hash, verify } from '@node-rs/argon2';
import { giveWay } from './give-way.ts';
import { cost, type Hashed, type Task } from './hashing.ts';

/**
 * While others wait answers leave together: whoever is told of several at once has at hand for the next what the first
 * one had to fetch, for hashing leaves nothing else in the caches.
 */
const TOGETHER = 4;

const parallel = Number(process.argv[2]);

giveWay();

let open = 0;
let ready: Hashed[] = [];

const hashed = ({ id, password, kept }: Task): Promise<Hashed> =>
  (kept === undefined ? hash(password, cost) : verify(kept, password)).then(
    (result) => ({ id, result }),
    (error: Error) => ({ id, failure: error.message }),
  );

process.on('message', async (task: Task) => {
  open += 1;
  const answer = await hashed(task);
  open -= 1;
  ready.push(answer);
  if (ready.length < TOGETHER && open > parallel) return;
  process.send?.(ready);
  ready = [];
});
process.on('disconnect', () => process.exit());
