import { type Anna, domain, mailTo, password, type Scene } from './scene.ts';

const email = `anna@${domain}`;

export const signingUp = async (scene: Scene): Promise<Anna> => {
  const { story, nobody } = scene;
  story.chapter('Anna signs up, and gets an organization and a first account');
  const receipt = await nobody.post('/v1/sign-ups', {
    email,
    password,
    givenName: 'Anna',
    familyName: 'Berg',
    organizationName: 'Northwind',
  });
  const home = `/v1/organizations/${receipt.organizationId}`;
  const session = await nobody.post('/v1/sessions', { email, password });
  const call = nobody.as(session.token);
  const me = await call.get('/v1/me');
  story.check('She can sign in at once, as the Owner', [me.role, me.emailVerified], ['owner', false]);
  const adding = { body: { domain, method: 'dns_txt' } };
  const refused = await call.refused(403, 'email_unverified', 'POST', `${home}/domains`, adding);
  story.check(`But not change much yet: “${refused.detail}”`, refused.status, 403);
  const mail = await mailTo(scene, email);
  story.say(`A mail arrives over SMTP: “${mail.subject}”.`);
  await nobody.post('/v1/email-verifications/complete', { token: mail.token });
  story.check('She follows its link: the address is hers', (await call.get('/v1/me')).emailVerified);
  await nobody.refused(409, 'email_taken', 'POST', '/v1/sign-ups', {
    body: { email: email.toUpperCase(), password, givenName: 'A', familyName: 'B' },
  });
  story.check('Nobody else can sign up with it, in capitals either', true);
  return { userId: receipt.userId, organizationId: receipt.organizationId, call, home };
};

export const provingADomain = async ({ story, dns }: Scene, { call, home }: Anna): Promise<void> => {
  story.chapter('She proves that the domain is hers');
  const wrong = [];
  for (const [name, code] of [
    ['gmail.com', 'common_domain'],
    [`www.${domain}`, 'bare_domain_required'],
    ['co.uk', 'public_suffix'],
    ['not a domain', 'domain_invalid'],
  ] as const) {
    const body = { domain: name, method: 'dns_txt' };
    wrong.push([name, (await call.refused(422, code, 'POST', `${home}/domains`, { body })).detail]);
  }
  story.check('What nobody can own is refused, each for its own reason', wrong.length, 4);
  story.table(['domain', 'answer'], wrong);
  const added = await call.post(`${home}/domains`, { domain, method: 'dns_txt' });
  const { host, type, value, ttl } = added.dnsRecord;
  story.say('She adds hers and is told what to publish:');
  story.table(['host', 'type', 'value', 'ttl'], [[host, type, value, ttl]]);
  const early = await call.post(`${home}/domains/${added.domainId}/verify`);
  story.check(
    `Checked too early, the answer is honest: ${early.status}, because “${early.reason}”`,
    [early.status, early.observed],
    ['pending', []],
  );
  dns.set(host, 'TXT', [value]);
  const verified = await call.post(`${home}/domains/${added.domainId}/verify`);
  story.check(
    'She publishes the record, and the next check finds it over the wire',
    [verified.status, verified.observed],
    ['verified', [value]],
  );
  const list = await call.get(`${home}/domains?minPosition=${verified.position}`);
  story.check('The list of domains shows it', [list.total, list.items[0].status], [1, 'verified']);
  story.table(
    ['domain', 'status', 'verified at', 'next check'],
    list.items.map((item: typeof list) => [item.domain, item.status, item.verifiedAt, item.nextCheckAt]),
  );
};
