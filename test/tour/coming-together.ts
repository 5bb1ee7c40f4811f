import type { Json } from '../support/caller.ts';
import { operatorToken } from './product.ts';
import { mailTo, password, type Scene, until } from './scene.ts';

const domain = 'quayside.example';

/** People who signed up before their company did: an import with a row left out, and a merge with its preview. */
export const comingTogether = async (scene: Scene): Promise<void> => {
  const { story, nobody, dns, folder } = scene;
  story.chapter('A company comes together: an import, and a merge with its preview');
  const signUp = async (email: string, organizationName: string): Promise<Json> => {
    const receipt = await nobody.post('/v1/sign-ups', {
      email,
      password,
      givenName: 'Pat',
      familyName: 'Reed',
      organizationName,
    });
    const { token } = await mailTo(scene, email);
    await nobody.post('/v1/email-verifications/complete', { token });
    const session = await nobody.post('/v1/sessions', { email, password });
    return { ...receipt, email, call: nobody.as(session.token) };
  };
  const [ida, jon, kim, lee] = [
    await signUp(`ida@${domain}`, 'Quayside'),
    await signUp(`jon@${domain}`, 'Of Jon'),
    await signUp(`kim@${domain}`, 'Of Kim'),
    await signUp(`lee@${domain}`, 'Of Lee'),
  ];
  const home = `/v1/organizations/${ida.organizationId}`;
  const prove = async (owner: Json, name: string): Promise<Json> => {
    const root = `/v1/organizations/${owner.organizationId}/domains`;
    const added = await owner.call.post(root, { domain: name, method: 'dns_txt' });
    dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value]);
    return owner.call.post(`${root}/${added.domainId}/verify`);
  };
  const { domainId } = await prove(ida, domain);
  await prove(kim, 'kims-own.example');
  await nobody
    .as(operatorToken(folder))
    .expecting([200, 201], 'PUT', `/v1/operations/bulk-import/${ida.organizationId}`, {
      enabled: true,
    });
  const { importId } = await ida.call.expecting([202], 'POST', `${home}/imports`, { domainIds: [domainId] });
  const become = (status: string): Promise<Json> =>
    until(
      () => ida.call.get(`${home}/imports/${importId}`),
      (answer) => answer.status === status,
    );
  story.check(
    'The report lists three colleagues who signed up by themselves',
    (await become('ready')).rows,
    3,
  );
  const report = await ida.call.send('GET', `${home}/imports/${importId}/report.csv`);
  const kept = report.text
    .split('\r\n')
    .filter((line: string) => !line.includes(lee.email))
    .join('\r\n');
  const chosen = await ida.call.send('PUT', `${home}/imports/${importId}/selection`, {
    raw: kept,
    headers: { 'content-type': 'text/csv' },
  });
  const added = await ida.call.send('PUT', `${home}/imports/${importId}/selection`, {
    raw: kept.replace(jon.email, `john@${domain}`),
    headers: { 'content-type': 'text/csv' },
  });
  story.check(
    `She leaves Lee out; a changed cell is refused with its line: “${added.body.detail}”`,
    [chosen.body.selected, added.status, added.body.reason],
    [2, 422, 'cell_changed'],
  );
  await ida.call.post(`${home}/imports/${importId}/start`, { acknowledgements: ['usersInformed'] });
  const done = await become('completed');
  const rows = await until(
    () => ida.call.get(`${home}/imports/${importId}/rows`),
    ({ total }) => total === 2,
  );
  story.check(
    'Jon comes with his organization and account; Kim, whose own has a proved domain, is skipped',
    [done.imported, done.skipped, rows.items.map(({ reason }: Json) => reason)],
    [1, 1, [null, 'owner_of_other_organization_with_domains']],
  );
  story.table(
    ['row', 'e-mail', 'outcome', 'reason'],
    rows.items.map((row: Json) => [row.row, row.email, row.outcome, row.reason]),
  );
  const preview = await ida.call.get(`${home}/merges/preview?candidateOwnerEmail=${lee.email}`);
  story.check(
    `A preview of merging Lee's says what would happen: “${preview.notices[0]}”`,
    [preview.mergeable, preview.users.length, preview.accounts.length, preview.roleDowngrades.length],
    [true, 1, 1, 1],
  );
  const offer = await ida.call.post(`${home}/merges`, {
    candidateOwnerEmail: lee.email,
    role: 'administrator',
  });
  const mail = await mailTo(scene, lee.email, 2);
  await lee.call.expecting([200, 202], 'POST', '/v1/invitations/accept', { token: mail.token });
  const merge = await until(
    () => ida.call.get(`${home}/merges/${offer.mergeId}`),
    ({ status }) => status === 'completed',
  );
  const gone = await lee.call.refused(
    410,
    'organization_absorbed',
    'GET',
    `/v1/organizations/${lee.organizationId}`,
  );
  story.check(
    'Lee accepts: the organization is merged, and its old address names the successor',
    [merge.status, merge.users, merge.accounts, gone.successorId],
    ['completed', 1, 1, ida.organizationId],
  );
};
