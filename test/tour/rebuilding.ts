import type { Json } from '../support/caller.ts';
import type { Invited } from './invitations.ts';
import { operatorToken } from './product.ts';
import type { Anna, Scene } from './scene.ts';

const lists = ['', '/summary', '/users', '/accounts', '/domains', '/invitations', '/audit-events'];

/** Every list as it is sent; only the instant of asking is left out. */
const snapshot = async ({ call, home }: Anna): Promise<Json> => {
  const texts: Record<string, string> = {};
  for (const list of lists) {
    const path = list === '' || list === '/summary' ? home + list : `${home}${list}?limit=200`;
    const { status, text } = await call.send('GET', path);
    texts[list || 'organization'] = `${status} ${text.replace(/"asOf":"[^"]*"/, '')}`;
  }
  return texts;
};

const bytes = (texts: Record<string, string>): number => Object.values(texts).join('').length;

export const rebuilding = async (scene: Scene, anna: Anna): Promise<void> => {
  const { story, nobody, folder } = scene;
  story.chapter('Every list is thrown away and made again from the log');
  const before = await snapshot(anna);
  const operator = nobody.as(operatorToken(folder));
  await anna.call.refused(404, 'not_found', 'GET', '/v1/operations/projections');
  story.check('Only who can read the master key may do that', true);
  const { items } = await operator.get('/v1/operations/projections');
  const rows: [string, string, number][] = [];
  for (const { name, position } of items) {
    const began = performance.now();
    await operator.post(`/v1/operations/projections/${name}/rebuild`);
    rows.push([name, position, Math.round(performance.now() - began)]);
  }
  story.table(['read model', 'at position', 'rebuilt in ms'], rows);
  story.check(
    `${lists.length} lists, ${bytes(before)} bytes, the same before and after, byte for byte`,
    await snapshot(anna),
    before,
  );
  const ready = await operator.get('/health/ready');
  story.check(
    'Nothing is quarantined, nothing parked',
    [ready.ready, ready.projections.map(({ quarantined }: Json) => quarantined), ready.parkedCommands],
    [true, ready.projections.map(() => 0), 0],
  );
};

export const restarting = async (scene: Scene, anna: Anna, invited: Invited): Promise<void> => {
  const { story, product } = scene;
  story.chapter('The product is stopped and started again');
  const before = await snapshot(anna);
  story.check('It stops cleanly on SIGTERM', await product.stop(), 0);
  const milliseconds = await product.start();
  story.check(`It is back in ${Math.round(milliseconds)} ms, on the same folder`, milliseconds < 15_000);
  story.check('Anna is still signed in, and every list is the same', await snapshot(anna), before);
  const again = await anna.call
    .key(invited.key)
    .send('POST', `${anna.home}/invitations`, { body: invited.body });
  story.check(
    "A retry of Bob's invitation, after all that, answers the first receipt",
    again.text,
    invited.answer,
  );
  story.check('It stops cleanly, and leaves nothing behind', await product.stop(), 0);
};
