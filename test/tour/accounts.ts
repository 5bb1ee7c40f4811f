import type { Json } from '../support/caller.ts';
import type { Joined } from './invitations.ts';
import { type Anna, domain, mailTo, password, people, type Scene } from './scene.ts';

const olga = 'olga@outside.example';

export const independentUsers = async (scene: Scene, anna: Anna, bob: Joined): Promise<void> => {
  const { story, nobody } = scene;
  const { call, home } = anna;
  story.chapter('Somebody from outside gets access to an account, and two invitations are refused');
  const [{ accountId }] = (await call.get(`${home}/accounts`)).items;
  const account = `/v1/accounts/${accountId}`;
  const granted = await call.post(`${account}/invitations`, {
    email: `bob@${domain}`,
    roles: ['administrator'],
  });
  story.check('Bob belongs to the organization, so he administrates the account at once', granted.granted);
  const sent = await bob.call.post(`${account}/invitations`, { email: olga, roles: ['billing_manager'] });
  story.check(
    'Olga does not: Bob invites her, and she is mailed',
    [sent.granted, sent.kind],
    [false, 'new_user'],
  );
  const { subject, token } = await mailTo(scene, olga);
  story.say(`A mail arrives: “${subject}”.`);
  const accepted = await nobody.post('/v1/invitations/accept', {
    token,
    password,
    givenName: 'Olga',
    familyName: 'Out',
  });
  const list = await call.get(`${home}/users?kind=independent&minPosition=${accepted.position}`);
  story.check(
    'She accepts: an independent user, of this account and of no organization',
    list.items.map(({ email, kind, role }: Json) => [email, kind, role]),
    [[olga, 'independent', null]],
  );
  people(story, list);
  const users = await call.get(`${account}/users`);
  story.table(
    ['e-mail', 'kind', 'roles on the account'],
    users.items.map(({ email, kind, roles }: Json) => [email, kind, roles.join(', ')]),
  );
  const refused = (by: Anna['call'], email: string, code: string) =>
    by.refused(422, code, 'POST', `${account}/invitations`, { body: { email, roles: ['support'] } });
  const through = await refused(bob.call, `dora@${domain}`, 'invite_through_organization');
  story.check(
    `Bob may not invite Dora, whose address is the organization's: “${through.detail}”`,
    through.detail,
    'This user cannot be invited to this account. Please reach out to your Organization administrator to invite this user.',
  );
  await provedByEve(scene);
  const elsewhere = await refused(call, 'frank@elsewhere.example', 'domain_managed_elsewhere');
  story.check(
    `Eve proves her own domain; from then on not even Anna may: “${elsewhere.detail}”`,
    elsewhere.detail,
    "This user can't be invited to this account because their domain is managed by an Organization",
  );
  await call.refused(422, 'role_combination_invalid', 'PUT', `${account}/users/${accepted.userId}/roles`, {
    body: { roles: ['administrator', 'support'] },
  });
  const changed = await call.put(`${account}/users/${accepted.userId}/roles`, {
    roles: ['support', 'billing_manager'],
  });
  story.check('Administrator stands alone; lesser roles combine', changed.roles, [
    'billing_manager',
    'support',
  ]);
};

const provedByEve = async ({ nobody, dns }: Scene): Promise<void> => {
  const session = await nobody.post('/v1/sessions', { email: 'eve@elsewhere.example', password });
  const eve = nobody.as(session.token);
  const domains = `/v1/organizations/${(await eve.get('/v1/me')).organizationId}/domains`;
  const added = await eve.post(domains, { domain: 'elsewhere.example', method: 'dns_txt' });
  dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
  await eve.post(`${domains}/${added.domainId}/verify`);
};
