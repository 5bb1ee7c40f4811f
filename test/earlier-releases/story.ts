import { deletion, removal } from '../support/acknowledgements.ts';
import { codeAt } from '../support/authenticator.ts';
import { password, type Scene } from './scene.ts';
import type { Json } from './somebody.ts';

interface Chapter {
  /** Routes without which it cannot be played. */
  readonly needs?: readonly string[];
  readonly play: (scene: Scene) => Promise<void>;
}

const organization = '/v1/organizations/{organizationId}';
const corporate = (name: string): string => `${name}@corporate.example`;

/** Whoever is to be imported and merged later has signed up before the domain was proved. */
const beginnings = async (scene: Scene): Promise<void> => {
  await scene.signUp('anna', corporate('anna'), 'Corporate');
  await scene.signUp('ian', corporate('ian'), 'Of Ian');
  await scene.signUp('jon', corporate('jon'), 'Of Jon');
  await scene.signUp('kim', corporate('kim'), 'Of Kim');
  await scene.signUp('gia', 'gia@gallery.example', 'Gallery');
  await scene.signUp('eve', 'eve@elsewhere.example', 'Elsewhere');
  scene.noted.domainId = (await scene.prove('anna', 'corporate.example')).domainId;
  await scene.prove('eve', 'elsewhere.example');
  await scene.once('anna', 'PATCH', scene.home('anna'), { name: 'Corporate Ltd' });
};

const invitations = async (scene: Scene): Promise<void> => {
  await scene.join('anna', 'bob', corporate('bob'), 'administrator');
  for (const name of ['carl', 'dora', 'frank', 'gus', 'zoe']) await scene.join('bob', name, corporate(name));
  await scene.as('carl').patch(scene.home('anna', `/users/${scene.person('carl').userId}`), {
    givenName: 'Carlo',
    familyName: 'Reed',
  });
  await scene.invite('bob', corporate('nina'));
  await scene.nobody.post('/v1/invitations/decline', {
    token: await scene.mail(corporate('nina'), 'invitation'),
  });
  const { invitationId } = await scene.invite('bob', corporate('otto'));
  await scene.as('bob').post(scene.home('anna', `/invitations/${invitationId}/cancel`));
  await scene.invite('anna', corporate('pete'));
  const labs = await scene.prove('anna', 'labs.example');
  Object.assign(scene.noted, { labs: labs.domainId, labsHost: labs.dnsRecord.host });
  await scene.join('anna', 'lena', 'lena@labs.example');
};

const accounts = async (scene: Scene): Promise<void> => {
  const found = async (owner: string, name: string): Promise<string> => {
    const { accountId } = await scene.once(owner, 'POST', scene.home('anna', '/accounts'), { name });
    scene.noted[name.toLowerCase()] = accountId;
    return accountId;
  };
  const shop = `/v1/accounts/${await found('bob', 'Shop')}`;
  for (const [owner, name] of [
    ['carl', 'Blog'],
    ['dora', 'Desk'],
    ['zoe', 'Den'],
    ['lena', 'Lab'],
  ] as const)
    await found(owner, name);
  await scene
    .as('bob')
    .put(`${shop}/users/${scene.person('carl').userId}/roles`, { roles: ['developer', 'support'] });
  const outsider = 'olga@outside.example';
  await scene.as('bob').post(`${shop}/invitations`, { email: outsider, roles: ['billing_manager'] });
  await scene.accept('olga', outsider);
  await scene.as('carl').put(`/v1/accounts/${scene.noted.blog}/two-factor-requirement`, { required: false });
};

const additions = async (scene: Scene): Promise<void> => {
  const ask = (accountId: string): Promise<Json> =>
    scene.as('anna').post(scene.home('anna', '/account-additions'), { accountId, kind: 'independent' });
  const { additionId } = await ask(scene.person('gia').accountId);
  await scene.as('gia').post(`/v1/account-additions/${additionId}/confirm`);
};

const departures = async (scene: Scene): Promise<void> => {
  const { as, person, noted } = bound(scene);
  const users = (name: string, what: string): string =>
    scene.home('anna', `/users/${person(name).userId}${what}`);
  await as('anna').put(users('frank', '/role'), { role: 'administrator' });
  await as('anna').put(users('gus', '/two-factor-requirement'), { required: true });
  await as('anna').put(users('gus', '/two-factor-requirement'), { required: false });
  await scene.once('bob', 'POST', users('dora', '/remove'), {
    acknowledgements: removal,
    accountOwners: { [noted.desk as string]: person('bob').userId },
  });
  await as('bob').post(users('zoe', '/delete'), {
    acknowledgements: deletion,
    accountOwners: { [noted.den as string]: person('anna').userId },
  });
  await as('bob').post(users('frank', '/deactivate'));
};

const imports = async (scene: Scene): Promise<void> => {
  const { organizationId } = scene.person('anna');
  await scene.operator.put(`/v1/operations/bulk-import/${organizationId}`, { enabled: true });
  const made = await scene
    .as('anna')
    .post(scene.home('anna', '/imports'), { domainIds: [scene.noted.domainId] });
  const path = scene.home('anna', `/imports/${made.importId}`);
  scene.noted.importId = made.importId;
  await scene.as('anna').until(path, ({ status }) => status === 'ready');
  const report: string = await scene.as('anna').get(`${path}/report.csv`);
  const kept = report.split('\r\n').filter((line, n) => n === 0 || line.includes(corporate('ian')));
  await scene.as('anna').put(`${path}/selection`, kept.join('\r\n'));
  await scene.as('anna').post(`${path}/start`, { acknowledgements: ['usersInformed'] });
  await scene.as('anna').until(path, ({ status }) => status === 'completed');
};

const merges = async (scene: Scene): Promise<void> => {
  const offer = { candidateOwnerEmail: corporate('jon'), role: 'administrator' };
  const { mergeId } = await scene.once('anna', 'POST', scene.home('anna', '/merges'), offer);
  scene.noted.mergeId = mergeId;
  const token = await scene.mail(corporate('jon'), 'invitation');
  await scene.as('jon').post('/v1/invitations/accept', { token });
  const path = scene.home('anna', `/merges/${mergeId}`);
  await scene.as('anna').until(path, ({ status }) => status === 'completed');
};

/** A lapse where domains are watched; what nobody answers expires in any case. */
const aMonth = async (scene: Scene): Promise<void> => {
  scene.noted.before = (await scene.as('anna').get(scene.home('anna', '/users'))).asOf;
  await scene.nobody.delete(`/sandbox/dns/${scene.noted.labsHost}/TXT`);
  await scene.days(1);
  await scene.days(30.1);
  for (const name of ['anna', 'bob']) await scene.signIn(name);
};

/** What is under way when the release stops. */
const underWay = async (scene: Scene): Promise<void> => {
  const offer = { email: corporate('pia'), role: 'standard_user' };
  await scene.once('anna', 'POST', scene.home('anna', '/invitations'), offer);
  const domain = { domain: 'never.example', method: 'https_file' };
  await scene.once('anna', 'POST', scene.home('anna', '/domains'), domain);
  const field = await scene.prove('anna', 'field.example');
  Object.assign(scene.noted, { field: field.domainId, fieldHost: field.dnsRecord.host });
  await scene.join('anna', 'fay', 'fay@field.example');
  await scene.zone(field, false);
  await scene.days(1);
  await everybody(scene);
};

/** Signs in, unless deactivated or deleted. */
const everybody = async ({ nobody, people }: Scene): Promise<void> => {
  for (const person of Object.values(people)) {
    const { body } = await nobody.send('POST', '/v1/sessions', { email: person.email, password });
    person.token = body.token ?? '';
  }
};

const accountsUnderWay = async (scene: Scene): Promise<void> => {
  const guest = { email: 'quin@outside.example', roles: ['developer'] };
  await scene.as('bob').post(`/v1/accounts/${scene.noted.shop}/invitations`, guest);
  const asked = { accountId: scene.person('eve').accountId, kind: 'independent' };
  const { additionId } = await scene.as('anna').post(scene.home('anna', '/account-additions'), asked);
  scene.noted.additionId = additionId;
};

const secondFactor = async (scene: Scene): Promise<void> => {
  const carl = scene.person('carl');
  const { secret } = await scene.as('carl').post('/v1/me/two-factor', { method: 'totp' });
  const { now } = await scene.nobody.get('/sandbox/clock');
  await scene.as('carl').post('/v1/me/two-factor/confirm', { code: codeAt(secret, Date.parse(now)) });
  carl.secret = secret;
};

const keys = async (scene: Scene): Promise<void> => {
  const path = scene.home('anna', '/api-keys');
  const robot = await scene.once('anna', 'POST', path, { name: 'Robot', role: 'administrator' });
  await scene.nobody.as(robot.secret).get(path);
  const old = await scene.as('anna').post(path, { name: 'Old', role: 'auditor' });
  await scene.as('anna').delete(`${path}/${old.apiKeyId}`);
  Object.assign(scene.noted, { key: robot.secret, revokedKey: old.secret });
};

const resets = async (scene: Scene): Promise<void> => {
  const { email, userId } = scene.person('gus');
  await scene.as('anna').post(scene.home('anna', `/users/${userId}/reset-password`));
  scene.noted.reset = await scene.mail(email, 'password_reset');
};

const bound = (scene: Scene) => ({
  as: scene.as.bind(scene),
  person: scene.person.bind(scene),
  noted: scene.noted,
});

const chapters: readonly Chapter[] = [
  { play: beginnings },
  { play: invitations },
  { needs: [`POST ${organization}/accounts`, 'POST /v1/accounts/{accountId}/invitations'], play: accounts },
  { needs: [`POST ${organization}/account-additions`], play: additions },
  { needs: [`POST ${organization}/users/{userId}/delete`], play: departures },
  { needs: [`POST ${organization}/imports`], play: imports },
  { needs: [`POST ${organization}/merges`], play: merges },
  { play: aMonth },
  { play: underWay },
  { needs: [`POST ${organization}/account-additions`], play: accountsUnderWay },
  { needs: ['POST /v1/me/two-factor/confirm'], play: secondFactor },
  { needs: [`POST ${organization}/api-keys`], play: keys },
  { needs: ['POST /v1/password-resets/complete'], play: resets },
];

/** Plays what the release knows, from an empty folder to much that is under way. */
export const play = async (scene: Scene): Promise<void> => {
  for (const { needs = [], play: chapter } of chapters) if (scene.knows(...needs)) await chapter(scene);
};
