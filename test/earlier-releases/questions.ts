import type { Scene } from './scene.ts';
import type { Answer, Json } from './somebody.ts';

/** What somebody asked, and what the release answered. Of a list all pages are one answer. */
export interface Asked {
  /** Somebody of the story. */
  readonly by: string;
  readonly path: string;
  readonly answer: Answer;
}

const lists = [
  '/users',
  '/users?kind=managed',
  '/users?kind=pending',
  '/users?kind=independent',
  '/users?role=administrator&sort=-joinedAt',
  '/users?search=ca',
  '/accounts',
  '/accounts?kind=managed&sort=-createdAt',
  '/accounts?kind=independent',
  '/domains',
  '/domains?status=verified',
  '/invitations',
  '/invitations?status=pending',
  '/invitations?status=expired',
  '/audit-events',
  '/audit-events?type=UserJoinedOrg',
  '/upcoming',
  '/api-keys',
  '/imports',
  '/merges',
  '/import-candidates',
];

/** Lists that lead to the details of what they name. */
const details: readonly (readonly [list: string, id: string, ...rest: readonly string[]])[] = [
  ['/users', 'userId', '/accounts', '/explain?field=role'],
  ['/domains', 'domainId'],
  ['/invitations', 'invitationId'],
  ['/imports', 'importId', '/rows', '/report.csv'],
  ['/merges', 'mergeId'],
];

/** Whoever can send a question. */
export interface Asking {
  send(method: string, path: string): Promise<Answer>;
}

/** The answer to one question; a list with all of its pages. When somebody asked, and which request it was, is left out. */
export const ask = async (asking: Asking, path: string): Promise<Answer> => {
  const { status, body } = await asking.send('GET', path);
  if (typeof body !== 'object') return { status, body };
  const { requestId: _request, asOf: _asked, ...said } = body;
  if (status !== 200 || !body.items) return { status, body: said };
  const items: Json[] = [...body.items];
  for (let cursor = body.nextCursor; cursor; ) {
    const next = await asking.send('GET', `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`);
    items.push(...next.body.items);
    cursor = next.body.nextCursor;
  }
  return { status, body: { ...said, items, nextCursor: null } };
};

/** The same question as of a position, unless it has a time of its own or knows none. */
export const asOf = (path: string, position: string): string =>
  path.startsWith('/v1/me') || path.includes('asOf=') || path.endsWith('.csv')
    ? path
    : `${path}${path.includes('?') ? '&' : '?'}asOf=${position}`;

/** Everything that is asked of a release when its story has been played. */
export const questions = async (scene: Scene): Promise<Asked[]> => {
  const asked: Asked[] = [];
  const put = async (by: string, path: string): Promise<void> => {
    const answer = await ask(scene.as(by), path);
    // What a release does not know yet is asked of later ones only.
    if (answer.status !== 404 && answer.status !== 405) asked.push({ by, path, answer });
  };
  await put('anna', scene.home('anna'));
  await put('anna', scene.home('anna', '/summary'));
  for (const list of lists) await put('anna', scene.home('anna', list));
  for (const [list, id, ...rest] of details)
    for (const item of (await ask(scene.as('anna'), scene.home('anna', list))).body.items ?? [])
      for (const what of ['', ...rest]) await put('anna', scene.home('anna', `${list}/${item[id]}${what}`));
  const { items: accounts } = await scene.as('anna').get(scene.home('anna', '/accounts'));
  for (const { accountId } of accounts)
    for (const what of ['', '/users', '/invitations']) await put('anna', `/v1/accounts/${accountId}${what}`);
  const { items: events } = await scene.as('anna').get(scene.home('anna', '/audit-events?limit=5'));
  for (const { id } of events) await put('anna', scene.home('anna', `/audit-events/${id}`));
  const then = `asOf=${encodeURIComponent(scene.noted.before as string)}`;
  for (const list of ['/users', '/accounts', '/domains', '/invitations', '/upcoming', '/audit-events'])
    await put('anna', scene.home('anna', `${list}?${then}`));
  for (const { name, token } of Object.values(scene.people)) if (token) await put(name, '/v1/me');
  for (const list of ['', '/users', '/accounts', '/domains', '/audit-events'])
    await put('eve', scene.home('eve', list));
  await put('gia', scene.home('gia', '/accounts'));
  await put('carl', '/v1/me/two-factor');
  return asked;
};
