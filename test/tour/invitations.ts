import type { Json } from '../support/caller.ts';
import { type Anna, domain, mailTo, people, type Scene, until } from './scene.ts';

export interface Invited {
  readonly key: string;
  readonly body: object;
  /** The first answer, byte for byte. */
  readonly answer: string;
  readonly bob: Json;
  readonly carol: Json;
}

const bob = `bob@${domain}`;
const carol = `carol@${domain}`;

export const invitations = async (scene: Scene, { call, home }: Anna): Promise<Invited> => {
  const { story } = scene;
  const path = `${home}/invitations`;
  story.chapter('She invites two colleagues');
  const body = { email: bob, role: 'standard_user' };
  const dry = await call.post(`${path}?dryRun=true`, body);
  const effects = dry.effects.map(({ command }: Json) => command).join(', ');
  story.check(
    `A dry run says what would happen (${dry.events[0].type}; then ${effects}) and does nothing`,
    [dry.dryRun, (await call.get(path)).total],
    [true, 0],
  );
  const key = 'invite-bob';
  const first = await call.key(key).send('POST', path, { body });
  const retried = await call.key(key).send('POST', path, { body });
  story.check(
    'She invites Bob; the request is sent twice, as after a lost answer, and counts once',
    [first.status, retried.status, retried.text === first.text],
    [201, 201, true],
  );
  const other = { body: { email: carol, role: 'standard_user' } };
  await call.key(key).refused(422, 'idempotency_key_reused', 'POST', path, other);
  story.check('The same key for another invitation is refused', true);
  const second = await call.post(path, { email: carol, role: 'administrator' });
  await call.refused(409, 'invitation_already_pending', 'POST', path, { body });
  await call.refused(422, 'domain_unverified', 'POST', path, {
    body: { email: 'dave@elsewhere.example', role: 'standard_user' },
  });
  await call.refused(422, 'owner_role_by_transfer_only', 'POST', path, {
    body: { email: `dave@${domain}`, role: 'owner' },
  });
  story.check('Nobody twice, nobody of an unproved domain, nobody as Owner', true);
  const list = await until(
    () => call.get(`${home}/users?kind=pending&minPosition=${second.position}`),
    ({ items }) => items.every(({ delivery }: Json) => delivery === 'accepted'),
  );
  story.check(
    'Both are pending, and the mail server has taken both mails',
    list.items.map(({ email, status, delivery }: Json) => [email, status, delivery]),
    [
      [bob, 'pending', 'accepted'],
      [carol, 'pending', 'accepted'],
    ],
  );
  story.table(
    ['e-mail', 'role', 'sent at', 'expires at', 'times sent', 'mail'],
    list.items.map((item: Json) => [
      item.email,
      item.role,
      item.sentAt,
      item.expiresAt,
      item.timesSent,
      item.delivery,
    ]),
  );
  return { key, body, answer: first.text, bob: JSON.parse(first.text), carol: second };
};

export interface Joined {
  readonly call: Anna['call'];
  readonly userId: string;
  /** Carol's id. */
  readonly carol: string;
  /** Just before the acceptance. */
  readonly before: string;
}

const bobsPassword = 'what a nice day 77';

export const acceptance = async (scene: Scene, anna: Anna, invited: Invited): Promise<Joined> => {
  const { story, nobody } = scene;
  const { call, home } = anna;
  story.chapter('Bob lost his mail, so she sends it again; he accepts, Carol declines');
  const old = await mailTo(scene, bob);
  const resent = await call.post(`${home}/invitations/${invited.bob.invitationId}/resend`);
  const fresh = await mailTo(scene, bob, 2);
  story.say(`A second mail arrives: “${fresh.subject}”.`);
  const answer = { token: old.token, password: bobsPassword, givenName: 'Bob', familyName: 'Ray' };
  const dead = await nobody.refused(404, 'invitation_link_invalid', 'POST', '/v1/invitations/accept', {
    body: answer,
  });
  story.check(`The first link is dead: “${dead.detail}”`, dead.detail, 'This invitation link is Invalid.');
  const shown = await nobody.get(`/v1/invitations/by-token?token=${fresh.token}`);
  story.check(
    `The second one shows who invites him where: ${shown.inviterName}, ${shown.organizationName}`,
    [shown.inviterName, shown.organizationName, shown.email, shown.role, shown.signInRequired],
    ['Anna Berg', 'Northwind', bob, 'standard_user', false],
  );
  const accepted = await nobody.post('/v1/invitations/accept', { ...answer, token: fresh.token });
  const declined = await nobody.post('/v1/invitations/decline', {
    token: (await mailTo(scene, carol)).token,
  });
  await nobody.refused(404, 'invitation_link_invalid', 'POST', '/v1/invitations/accept', {
    body: { ...answer, token: fresh.token },
  });
  story.check(
    'He accepts, with a name and a password; the used link is dead for everyone else',
    accepted.userId,
    invited.bob.userId,
  );
  const position = declined.position;
  const users = await call.get(`${home}/users?minPosition=${position}`);
  story.check(
    'He is a managed user now; Carol, who declined, is nobody any more',
    users.items.map(({ email, kind, role }: Json) => [email, kind, role]),
    [
      [`anna@${domain}`, 'managed', 'owner'],
      [bob, 'managed', 'standard_user'],
    ],
  );
  people(story, users);
  const list = await call.get(`${home}/invitations?sort=email`);
  story.check(
    'The invitations remember how they ended',
    list.items.map(({ email, status, timesSent }: Json) => [email, status, timesSent]),
    [
      [bob, 'accepted', 2],
      [carol, 'declined', 1],
    ],
  );
  story.table(
    ['e-mail', 'role', 'status', 'times sent'],
    list.items.map((item: Json) => [item.email, item.role, item.status, item.timesSent]),
  );
  const session = await nobody.post('/v1/sessions', { email: bob, password: bobsPassword });
  return {
    call: nobody.as(session.token),
    userId: accepted.userId,
    carol: invited.carol.userId,
    before: resent.position,
  };
};
