import type { Json } from '../support/caller.ts';
import type { Joined } from './invitations.ts';
import { type Anna, domain, mailTo, password, people, type Scene } from './scene.ts';

export const limitsOfOthers = async (scene: Scene, anna: Anna, bob: Joined): Promise<void> => {
  const { story, nobody } = scene;
  story.chapter('What Bob may do, and what a stranger sees');
  const me = await bob.call.get('/v1/me');
  story.check(
    'Bob is signed in, his address is proved by the link he used',
    [me.role, me.emailVerified],
    ['standard_user', true],
  );
  for (const [method, path, body] of [
    ['GET', `${anna.home}/users`, undefined],
    ['POST', `${anna.home}/invitations`, { email: `dave@${domain}`, role: 'standard_user' }],
    ['PATCH', anna.home, { name: 'Bobwind' }],
  ] as const)
    await bob.call.refused(403, 'forbidden', method, path, { body });
  story.check('As a Standard User he manages nothing: 403', true);
  const renamed = await bob.call.patch(`${anna.home}/users/${bob.userId}`, { familyName: 'Rayleigh' });
  story.check('But he may correct his own name', renamed.familyName, 'Rayleigh');
  const eve = { email: 'eve@elsewhere.example', password };
  await nobody.post('/v1/sign-ups', { ...eve, givenName: 'Eve', familyName: 'Else' });
  await nobody.post('/v1/email-verifications/complete', { token: (await mailTo(scene, eve.email)).token });
  const stranger = nobody.as((await nobody.post('/v1/sessions', eve)).token);
  const there = await stranger.refused(404, 'not_found', 'GET', anna.home);
  const nowhere = await stranger.refused(404, 'not_found', 'GET', `/v1/organizations/org_${'0'.repeat(32)}`);
  const plain = ({ instance: _, requestId: __, ...rest }: Json): Json => rest;
  story.check(
    'Eve of another organization cannot tell Northwind from one that is not there',
    plain(there),
    plain(nowhere),
  );
};

export const history = async ({ story }: Scene, { call, home, userId }: Anna, bob: Joined): Promise<void> => {
  const names = new Map([
    [userId, 'Anna'],
    [bob.userId, 'Bob'],
    [bob.carol, 'Carol'],
    ['orgledger', 'the product'],
  ]);
  story.chapter('She renames the organization, and reads who did what, and because of what');
  const read = await call.send('GET', home);
  const etag = read.headers.get('etag') ?? '';
  const renamed = await call.with({ 'if-match': etag }).patch(home, { name: 'Northwind Traders' });
  await call.refused(412, 'revision_conflict', 'PATCH', home, {
    body: { name: 'Southwind' },
    headers: { 'if-match': etag },
  });
  story.check(
    'The rename counts; a second one that had read the old name does not: 412',
    renamed.name,
    'Northwind Traders',
  );
  const audit = `${home}/audit-events`;
  const list = await call.get(`${audit}?limit=200&minPosition=${renamed.position}`);
  const byId = new Map<string, Json>(list.items.map((item: Json) => [item.id, item]));
  story.table(
    ['what', 'who', 'from', 'caused by'],
    list.items.map((item: Json) => [
      item.type,
      names.get(item.actor.id) ?? item.actor.type,
      item.sourceIp,
      byId.get(item.causationId)?.type,
    ]),
  );
  const types = list.items.map(({ type }: Json) => type);
  story.check(
    'Newest first, from the sign-up on',
    [types[0], types.at(-1)],
    ['OrganizationRenamed', 'UserRegistered'],
  );
  const joined = list.items.find(
    ({ type, data }: Json) => type === 'UserJoinedOrg' && data.userId === bob.userId,
  );
  const cause = byId.get(joined.causationId);
  story.check(
    'Bob is in because he accepted: the one event names the other as its cause',
    [cause.type, cause.actor.id, joined.correlationId === cause.correlationId],
    ['InviteAccepted', bob.userId, true],
  );
  const [rename] = list.items;
  story.check('Every change shows what was before', rename.changes, [
    { field: 'name', previous: 'Northwind', updated: 'Northwind Traders' },
  ]);
  const hers = await call.get(`${audit}?actorId=${userId}&type=InviteSent`);
  const sent = list.items.filter(({ type, actor }: Json) => type === 'InviteSent' && actor.id === userId);
  story.check('Filters combine: what she herself invited', [hers.total, hers.items], [2, sent]);
  const later = await call.get(`${audit}?resourceId=${rename.resource.id}&from=${rename.occurredAt}`);
  story.check('And by resource, from an instant on', later.items[0], rename);
};

export const asItWas = async ({ story }: Scene, { call, home }: Anna, bob: Joined): Promise<void> => {
  story.chapter('She looks at the list as it was before Bob accepted');
  const then = await call.get(`${home}/users?asOf=${bob.before}`);
  people(story, then);
  story.check(
    'Three people, two of them pending, and the organization under its old name',
    [then.items.map(({ kind }: Json) => kind).sort(), (await call.get(`${home}?asOf=${bob.before}`)).name],
    [['managed', 'pending', 'pending'], 'Northwind'],
  );
  const now = await call.get(`${home}/summary`);
  story.check(
    'Today the summary counts',
    [now.users, now.accounts, now.domains],
    [
      { managed: 2, independent: 0, pending: 0 },
      { managed: 1, independent: 0, pending: 0 },
      { pending: 0, verified: 1, unvalidated: 0 },
    ],
  );
  const accounts = await call.get(`${home}/accounts`);
  story.table(
    ['account', 'kind', 'status', 'owner', 'users'],
    accounts.items.map((item: Json) => [item.name, item.kind, item.status, item.ownerEmail, item.users]),
  );
};

export const badInput = async ({ story }: Scene, { call, home }: Anna): Promise<void> => {
  story.chapter('Nonsense is refused with a code and the field, and changes nothing');
  const path = `${home}/invitations`;
  const email = `frank@${domain}`;
  const before = await call.get(`${home}/audit-events?limit=1`);
  const rows = [];
  for (const [what, raw] of [
    ['an unknown field', JSON.stringify({ email, role: 'standard_user', admin: true })],
    ['a number as address', '{"email":7,"role":"standard_user"}'],
    ['an operator as address', '{"email":{"$ne":null},"role":"standard_user"}'],
    ['a role that is none', JSON.stringify({ email, role: 'king' })],
    ['half a document', '{"email":'],
    ['a key twice', `{"email":"${email}","email":"${email}","role":"standard_user"}`],
    ['__proto__', `{"email":"${email}","role":"standard_user","__proto__":{"admin":true}}`],
    ['a thousand levels', `${'['.repeat(1_000)}${']'.repeat(1_000)}`],
    ['2 MB', `{"email":"${'x'.repeat(2_000_000)}"}`],
  ] as const) {
    const { status, body } = await call.send('POST', path, { raw });
    rows.push([what, status, body.code, body.errors?.map(({ field }: Json) => field).join(', ') ?? '']);
  }
  story.table(['what', 'status', 'code', 'field'], rows);
  story.check(
    'Nine kinds of nonsense, nine answers that say what is wrong',
    rows.every(([, status]) => status === 400 || status === 413),
  );
  const after = await call.get(`${home}/audit-events?limit=1`);
  story.check('And the history has not grown', [after.total, after.items], [before.total, before.items]);
  const deleting = await call.refused(409, 'organization_deletion_not_available', 'DELETE', home);
  story.check(`Deleting the organization: “${deleting.detail}”`, deleting.status, 409);
};
