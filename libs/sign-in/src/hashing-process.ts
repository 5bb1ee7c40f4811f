import { hash, verify } from '@node-rs/argon2';
import { giveWay } from './give-way.ts';
import { cost, type Hashed, type Task } from './hashing.ts';
import { OwnCores } from './own-cores.ts';

/**
 * While others wait answers leave together: whoever is told of several at once has at hand for the next what the first
 * one had to fetch, for hashing leaves nothing else in the caches.
 */
const TOGETHER = 4;

const [parallel, lateMs] = process.argv.slice(2).map(Number) as [number, number];
const cores = new OwnCores(parallel);

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
  const late = setTimeout(() => cores.leave(), lateMs);
  const answer = await hashed(task);
  clearTimeout(late);
  open -= 1;
  ready.push(answer);
  if (ready.length < TOGETHER && open > parallel) return;
  process.send?.(ready);
  ready = [];
  cores.keep();
});
process.on('disconnect', () => process.exit());
