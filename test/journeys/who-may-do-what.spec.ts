import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closure, deletion, removal } from '../support/acknowledgements.ts';
import { backends, type Person, Product } from '../support/product.ts';

const people = ['Owner', 'Administrator', 'Standard User', 'Account Owner', 'Account Administrator'] as const;
type Who = (typeof people)[number];

/** Who may: the columns of rules.md 1.6, the last one told apart. */
const managers: readonly Who[] = ['Owner', 'Administrator'];
const own: readonly Who[] = [...managers, 'Account Owner', 'Account Administrator'];

interface Cells {
  readonly who: readonly Who[];
  readonly method?: string;
  /** Placeholders: {o} organization, {target} a managed user, {owner} its Owner, {own} and {other} accounts. */
  readonly path: string;
  readonly body?: object;
}

const anybody = { email: 'somebody@outside.example', roles: ['developer'] };
const acknowledgements = [...new Set([...removal, ...deletion, ...closure])];

const rows: Readonly<Record<string, Cells>> = {
  'ORG-11: transfers the ownership of the organization': {
    who: ['Owner'],
    path: '/v1/organizations/{o}/transfer-ownership',
    body: { newOwnerId: '{target}', previousOwnerRole: 'administrator' },
  },
  'ROL-02: renames the organization': {
    who: managers,
    method: 'PATCH',
    path: '/v1/organizations/{o}',
    body: { name: 'x' },
  },
  'DOM-20: sets the sign-up policy': {
    who: managers,
    method: 'PUT',
    path: '/v1/organizations/{o}/sign-up-policy',
    body: { policy: 'outside' },
  },
  'DOM-01: adds a domain': {
    who: managers,
    path: '/v1/organizations/{o}/domains',
    body: { domain: 'added.example', method: 'dns_txt' },
  },
  'INV-01: invites to the organization': {
    who: managers,
    path: '/v1/organizations/{o}/invitations',
    body: { email: 'new@{domain}', role: 'standard_user' },
  },
  'USR-07: renames a managed user': {
    who: managers,
    method: 'PATCH',
    path: '/v1/organizations/{o}/users/{target}',
    body: { givenName: 'x' },
  },
  'USR-07: changes the organization role of a managed user': {
    who: managers,
    method: 'PUT',
    path: '/v1/organizations/{o}/users/{target}/role',
    body: { role: 'administrator' },
  },
  'USR-07: requires two-factor sign-in of a managed user': {
    who: managers,
    method: 'PUT',
    path: '/v1/organizations/{o}/users/{target}/two-factor-requirement',
    body: { required: true },
  },
  'USR-12: resets the password of a managed user': {
    who: managers,
    path: '/v1/organizations/{o}/users/{target}/reset-password',
  },
  'USR-08: removes a managed user': {
    who: managers,
    path: '/v1/organizations/{o}/users/{target}/remove',
    body: { acknowledgements },
  },
  'USR-10 USR-17: deletes a managed user': {
    who: managers,
    path: '/v1/organizations/{o}/users/{target}/delete',
    body: { acknowledgements },
  },
  'USR-08: removes the Owner': {
    who: [],
    path: '/v1/organizations/{o}/users/{owner}/remove',
    body: { acknowledgements, accountOwners: {} },
  },
  'ROL-02: renames the Owner': {
    who: ['Owner'],
    method: 'PATCH',
    path: '/v1/organizations/{o}/users/{owner}',
    body: { givenName: 'x' },
  },
  'ROL-02 INV-09 INV-10: invites to an account that is none of theirs': {
    who: managers,
    path: '/v1/accounts/{other}/invitations',
    body: anybody,
  },
  'INV-09: invites to their own account': {
    who: own,
    path: '/v1/accounts/{own}/invitations',
    body: anybody,
  },
  'ROL-02: gives a role on an account that is none of theirs': {
    who: managers,
    method: 'PUT',
    path: '/v1/accounts/{other}/users/{target}/roles',
    body: { roles: ['support'] },
  },
  'AMB-20: gives a role on their own account': {
    who: own,
    method: 'PUT',
    path: '/v1/accounts/{own}/users/{target}/roles',
    body: { roles: ['administrator'] },
  },
  'ORG-08 ROL-03: creates an account in the organization': {
    who: people,
    path: '/v1/organizations/{o}/accounts',
    body: { name: 'x' },
  },
  'AMB-25: creates an account for somebody else': {
    who: managers,
    path: '/v1/organizations/{o}/accounts',
    body: { name: 'x', ownerId: '{target}' },
  },
  'USR-14: removes somebody from their own account': {
    who: own,
    path: '/v1/accounts/{own}/users/{guest}/remove',
  },
  'USR-14: removes somebody from an account that is none of theirs': {
    who: managers,
    path: '/v1/accounts/{other}/users/{guest}/remove',
  },
  'ACC-07: changes the owner of their own account': {
    who: [...managers, 'Account Owner'],
    path: '/v1/accounts/{own}/transfer-ownership',
    body: { newOwnerId: '{target}' },
  },
  'ACC-07: changes the owner of an account that is none of theirs': {
    who: managers,
    path: '/v1/accounts/{other}/transfer-ownership',
    body: { newOwnerId: '{target}' },
  },
  'ACC-10: closes their own account': {
    who: [...managers, 'Account Owner'],
    path: '/v1/accounts/{own}/close',
    body: { acknowledgements },
  },
  'ACC-10: closes an account that is none of theirs': {
    who: managers,
    path: '/v1/accounts/{other}/close',
    body: { acknowledgements },
  },
  'ACC-09: suspends an account': { who: managers, path: '/v1/accounts/{own}/suspend' },
  'ACC-12: requires two-factor sign-in on their own account': {
    who: own,
    method: 'PUT',
    path: '/v1/accounts/{own}/two-factor-requirement',
    body: { required: true },
  },
  'ACC-05: asks for an account that exists already': {
    who: managers,
    path: '/v1/organizations/{o}/account-additions',
    body: { accountId: '{foreign}', kind: 'independent' },
  },
  'AUD-01: reads the history of the organization': {
    who: managers,
    method: 'GET',
    path: '/v1/organizations/{o}/audit-events',
  },
  'AUD-01: reads the history of their own account': {
    who: own,
    method: 'GET',
    path: '/v1/accounts/{own}/audit-events',
  },
  'AUD-01: reads the history of an account that is none of theirs': {
    who: managers,
    method: 'GET',
    path: '/v1/accounts/{other}/audit-events',
  },
  'IMP-01: reads the imports': { who: managers, method: 'GET', path: '/v1/organizations/{o}/imports' },
  'IMP-06: reads whom an import would bring': {
    who: managers,
    method: 'GET',
    path: '/v1/organizations/{o}/import-candidates',
  },
  'MRG-01: reads the merges': { who: managers, method: 'GET', path: '/v1/organizations/{o}/merges' },
  'ROL-02: adds themselves to an account that is none of theirs': {
    who: managers,
    method: 'PUT',
    path: '/v1/accounts/{third}/users/{self}/roles',
    body: { roles: ['administrator'] },
  },
  'USR-07: changes the address of a managed user': {
    who: managers,
    method: 'PUT',
    path: '/v1/organizations/{o}/users/{target}/email',
    body: { email: 'other@{domain}' },
  },
  'AMB-16: deactivates a managed user': {
    who: managers,
    path: '/v1/organizations/{o}/users/{target}/deactivate',
  },
  'USR-13: resets the second factor of a managed user': {
    who: managers,
    path: '/v1/organizations/{o}/users/{target}/reset-two-factor',
  },
  'USR-06: reads the list of people': { who: managers, method: 'GET', path: '/v1/organizations/{o}/users' },
};

describe.each(backends)('who may do what (rules.md 1.6) on $name', (backend) => {
  let product: Product;
  const who = {} as Record<Who, Person>;
  const names: Record<string, string> = {};

  beforeAll(async () => {
    product = await Product.start(backend);
    const domain = product.domain('corporate');
    const anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    const join = (name: string, role?: string) => product.join(anna, `${name}@${domain}`, role);
    who.Owner = anna;
    who.Administrator = await join('adam', 'administrator');
    who['Standard User'] = await join('sam');
    who['Account Owner'] = await join('otto');
    who['Account Administrator'] = await join('ada');
    const [target, guest] = [await join('tess'), await join('gus')];
    const eve = await product.signUp(`eve@${product.domain('elsewhere')}`);
    const otto = who['Account Owner'];
    const { accountId } = await otto.call.post(otto.path('/accounts'), { name: 'Own' });
    const give = (account: string, userId: string, role: string) =>
      anna.call.put(`/v1/accounts/${account}/users/${userId}/roles`, { roles: [role] });
    await give(accountId, who['Account Administrator'].userId, 'administrator');
    await give(accountId, guest.userId, 'support');
    await give(anna.accountId, guest.userId, 'support');
    const third = await guest.call.post(guest.path('/accounts'), { name: 'Third' });
    Object.assign(names, {
      o: anna.organizationId,
      domain,
      owner: anna.userId,
      target: target.userId,
      guest: guest.userId,
      own: accountId,
      other: anna.accountId,
      third: third.accountId,
      foreign: eve.accountId,
    });
  });
  afterAll(() => product.stop());

  const filled = (text: string, self: Person): string =>
    text.replace(/\{(\w+)\}/g, (_, name) => (name === 'self' ? self.userId : (names[name] ?? '')));

  describe.each(Object.entries(rows))('%s', (_rule, { who: allowed, method = 'POST', path, body }) => {
    it.each(people)('%s', async (person) => {
      const { status, body: answer } = await who[person].call.send(
        method,
        filled(path, who[person]) + (method === 'GET' ? '' : '?dryRun=true'),
        body === undefined ? {} : { body: JSON.parse(filled(JSON.stringify(body), who[person])) },
      );
      const code = allowed.includes(person) ? undefined : 'forbidden';
      const unremovable = path.endsWith('{owner}/remove') && managers.includes(person);
      expect([status, answer.code]).toEqual(
        unremovable ? [409, 'owner_not_removable'] : [code ? 403 : 200, code],
      );
    });
  });
});
