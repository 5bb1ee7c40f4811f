import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../support/caller.ts';
import { type Anna, domain, mailTo, password, people, type Scene } from './scene.ts';

/** ACK-01, ACK-02: what a person ticks before. */
const acknowledged = (refusal: Json): string[] => refusal.required.map(({ code }: Json) => code);

export const departures = async (scene: Scene, anna: Anna): Promise<void> => {
  const { story, nobody, folder } = scene;
  const { call, home } = anna;
  const letIn = async (name: string): Promise<{ userId: string; call: Anna['call'] }> => {
    const email = `${name.toLowerCase()}@${domain}`;
    await call.post(`${home}/invitations`, { email, role: 'standard_user' });
    const { token } = await mailTo(scene, email);
    const { userId } = await nobody.post('/v1/invitations/accept', {
      token,
      password,
      givenName: name,
      familyName: 'Quillfeather',
    });
    const session = await nobody.post('/v1/sessions', { email, password });
    return { userId, call: nobody.as(session.token) };
  };
  const accountOf = async (owner: Anna['call'], name: string): Promise<string> =>
    (await owner.post(`${home}/accounts`, { name })).accountId;

  story.chapter('Gwen leaves; what she owns needs a next owner');
  const gwen = await letIn('Gwen');
  const [shop, blog] = [await accountOf(gwen.call, 'Shop'), await accountOf(gwen.call, 'Blog')];
  const removal = `${home}/users/${gwen.userId}/remove`;
  const unread = await call.refused(422, 'acknowledgements_required', 'POST', removal, { body: {} });
  for (const { sentence } of unread.required) story.say(`☐ ${sentence}`);
  const acknowledgements = acknowledged(unread);
  const unnamed = await call.refused(422, 'account_owner_required', 'POST', removal, {
    body: { acknowledgements },
  });
  story.check('Two accounts need an owner', unnamed.accounts.toSorted(), [shop, blog].toSorted());
  await call.post(removal, {
    acknowledgements,
    accountOwners: { [shop]: anna.userId, [blog]: gwen.userId },
  });
  const owner = await call.get(`/v1/accounts/${shop}`);
  story.check('The shop is Anna’s now', owner.ownerId, anna.userId);
  const kept = await gwen.call.get(`/v1/accounts/${blog}`);
  story.check(
    'The blog has left with Gwen, whose session goes on',
    [kept.ownerId, kept.organizationId],
    [gwen.userId, null],
  );
  await gwen.call.refused(404, 'not_found', 'GET', `${home}/users`);

  story.chapter('Zenobia is deleted; a tombstone stays');
  const zenobia = await letIn('Zenobia');
  const deletion = `${home}/users/${zenobia.userId}/delete`;
  const { required } = await call.refused(422, 'acknowledgements_required', 'POST', deletion, { body: {} });
  const receipt = await call.post(deletion, { acknowledgements: acknowledged({ required }) });
  story.check(
    'One decision: removed, deleted, erased',
    receipt.events.map(({ type }: Json) => type),
    ['UserRemovedFromOrg', 'UserDeleted', 'UserDataErased'],
  );
  const gone = await zenobia.call.send('GET', '/v1/me');
  story.check('Her session is over', gone.status, 401);
  const told = await call.get(
    `${home}/audit-events?userId=${zenobia.userId}&type=UserJoinedOrg&minPosition=${receipt.position}`,
  );
  story.check(
    'The history says that somebody joined, and no longer who',
    told.items.map(({ data }: Json) => [data.givenName, data.email]),
    [['[erased]', '[erased]']],
  );
  const found = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .filter((path) => readFileSync(path).toString('latin1').toLowerCase().includes('zenobia'));
  story.check('Her name and address stand in no file of the data folder', found, []);
  people(story, await call.get(`${home}/users?kind=managed&minPosition=${receipt.position}`));
};
