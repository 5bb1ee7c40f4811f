import { randomBytes } from 'node:crypto';
import type { Role } from '#commands';
import type { Caller, Json } from '../support/caller.ts';
import { type Person, type Product, until } from '../support/product.ts';

/** Ids of the things of one organization, by the name of the path parameter. */
export type Ids = Readonly<Record<string, string>>;

export interface Home {
  readonly organizationId: string;
  readonly ids: Ids;
  /** Of an organization that was merged into this one, as it was. */
  readonly absorbed?: Ids;
}

/** Somebody who calls, with what is true about them. */
export interface Principal {
  readonly name: string;
  readonly call: Caller;
  /** The same person in a session that may be ended. */
  readonly inSpareSession: () => Promise<Caller>;
  readonly type: 'nobody' | 'user' | 'api_key' | 'operator';
  readonly userId: string | null;
  readonly role: Role | null;
  /** On the account of their home. */
  readonly accountRoles: readonly string[];
  readonly verified: boolean;
  /** A second factor is required of them and not set up yet. */
  readonly mustEnrol?: true;
  readonly home: Home;
  /** Whose things are foreign to them. */
  readonly others: Home;
}

export interface Scene {
  readonly product: Product;
  readonly document: Json;
  readonly principals: readonly Principal[];
  /** Texts that only the other organization may see. */
  readonly canaries: readonly string[];
  readonly ours: Home;
  readonly theirs: Home;
  /** Everything of the other organization, by the prefix of its ids. */
  readonly theirIds: Readonly<Record<string, readonly string[]>>;
  readonly theirEvents: readonly string[];
  readonly theirCursor: string;
}

export const random = (prefix: string): string => `${prefix}_${randomBytes(16).toString('hex')}`;

/** Ids that nobody has given out. */
export const forgedIds = (): Ids => ({
  organizationId: random('org'),
  userId: random('usr'),
  accountId: random('acc'),
  domainId: random('dom'),
  invitationId: random('inv'),
  importId: random('imp'),
  apiKeyId: random('key'),
  additionId: random('add'),
  mergeId: random('mrg'),
  sessionId: random('ses'),
  eventId: '00000000-0000-5000-8000-000000000000',
  name: 'nothing',
  id: 'nothing',
});

const nowhere: Home = { organizationId: '', ids: {} };

/** An organization with one of everything. */
const furnish = async (
  product: Product,
  owner: Person,
  accountOwner: Person,
  member: Person,
  domain: string,
): Promise<Home> => {
  const { domainId } = (await owner.call.get(owner.path('/domains'))).items[0];
  const { accountId } = await accountOwner.call.post(owner.path('/accounts'), {
    name: `Account of ${owner.email}`,
  });
  const roles = `/v1/accounts/${accountId}/users/${member.userId}/roles`;
  await accountOwner.call.put(roles, { roles: ['developer'] });
  const { invitationId } = await product.invite(owner, `invited@${domain}`);
  const toAccount = { email: `shared@elsewhere-${domain}`, roles: ['support'] };
  const shared = await owner.call.post(`/v1/accounts/${accountId}/invitations`, toAccount);
  const bulkImport = `/v1/operations/bulk-import/${owner.organizationId}`;
  await product.operator.put(bulkImport, { enabled: true });
  const { importId } = await owner.call.expecting([202], 'POST', owner.path('/imports'), {
    domainIds: [domainId],
  });
  const key = { name: 'Of the scene', role: 'standard_user' };
  const { apiKeyId } = await owner.call.post(owner.path('/api-keys'), key);
  await product.quiet(owner);
  const [event] = (await owner.call.get(owner.path('/audit-events?limit=1'))).items;
  return {
    organizationId: owner.organizationId,
    ids: {
      organizationId: owner.organizationId,
      userId: member.userId,
      accountId,
      domainId,
      invitationId,
      accountInvitationId: shared.invitationId,
      importId,
      apiKeyId,
      eventId: event.id,
    },
  };
};

/** Somebody's organization is merged into that of `anna`; what it had is told by its old ids. */
const absorb = async (product: Product, anna: Person, greta: Person): Promise<Ids> => {
  const key = { name: 'Of the merged', role: 'standard_user' };
  const { apiKeyId } = await greta.call.post(greta.path('/api-keys'), key);
  const [event] = (await greta.call.get(greta.path('/audit-events?limit=1'))).items;
  const candidate = { candidateOwnerEmail: greta.email, role: 'standard_user' };
  const { mergeId, invitationId } = await anna.call.post(anna.path('/merges'), candidate);
  await greta.call.post('/v1/invitations/accept', { token: await product.token(greta.email, 2) });
  await until(
    () => anna.call.get(anna.path(`/merges/${mergeId}`)),
    ({ status }) => status === 'completed',
  );
  const { organizationId, userId, accountId } = greta;
  return { organizationId, userId, accountId, apiKeyId, mergeId, invitationId, eventId: event.id };
};

const idsOf = async (owner: Person, list: string, field: string): Promise<string[]> =>
  (await owner.call.all(owner.path(`/${list}?limit=200`))).map((item) => item[field]);

export const setScene = async (product: Product): Promise<Scene> => {
  const [domain, foreign] = [product.domain('ours'), product.domain('canary')];
  const anna = await product.signUp(`anna@${domain}`);
  const greta = await product.signUp(`greta@${domain}`, { organizationName: 'Merged away' });
  await product.verifiedDomain(anna, domain);
  const adam = await product.join(anna, `adam@${domain}`, 'administrator');
  const stan = await product.join(anna, `stan@${domain}`);
  const ada = await product.join(anna, `ada@${domain}`);
  const dora = await product.join(anna, `dora@${domain}`);
  const bob = await product.join(anna, `bob@${domain}`);
  const absorbed = await absorb(product, anna, greta);
  const ours = { ...(await furnish(product, anna, stan, dora, domain)), absorbed };
  const roles = `/v1/accounts/${ours.ids.accountId}/users/${ada.userId}/roles`;
  await anna.call.put(roles, { roles: ['administrator'] });

  const eve = await product.signUp(`eve@${foreign}`, {
    familyName: 'Canary',
    organizationName: 'Canary Works',
  });
  await product.verifiedDomain(eve, foreign);
  const mallory = await product.join(eve, `mallory@${foreign}`);
  const max = await product.join(eve, `max@${foreign}`);
  for (let n = 0; n < 6; n++) await product.invite(eve, `canary${n}@${foreign}`);
  const theirs = await furnish(product, eve, mallory, max, foreign);

  const una = await product.signUp(`una@${product.domain('unverified')}`, { verified: false });
  const unverified: Home = {
    organizationId: una.organizationId,
    ids: {
      organizationId: una.organizationId,
      userId: una.userId,
      accountId: una.accountId,
    },
  };
  const leaver = await product.join(anna, `leaver@${domain}`);
  const leaving = anna.path(`/users/${leaver.userId}/remove`);
  const { body: refusal } = await anna.call.send('POST', leaving, { body: {} });
  await anna.call.post(leaving, { acknowledgements: refusal.required.map(({ code }: Json) => code) });
  const deactivated = await product.join(anna, `deactivated@${domain}`);
  await anna.call.post(anna.path(`/users/${deactivated.userId}/deactivate`));
  const enzo = await product.join(anna, `enzo@${domain}`, 'administrator');
  await anna.call.put(anna.path(`/users/${enzo.userId}/two-factor-requirement`), { required: true });
  const keyOf = async (role: string): Promise<Caller> => {
    const { secret } = await anna.call.post(anna.path('/api-keys'), { name: role, role });
    return product.nobody.as(secret);
  };
  const gone = await product.signIn(anna.email);
  await gone.call.expecting([204], 'DELETE', '/v1/sessions/current');

  const person = (
    name: string,
    { email, userId, call }: Person,
    role: Principal['role'],
    home: Home,
    others: Home,
    accountRoles: readonly string[] = [],
    verified = true,
  ): Principal => ({
    name,
    call,
    inSpareSession: async () => (await product.signIn(email)).call,
    type: 'user',
    userId,
    role,
    accountRoles,
    verified,
    home,
    others,
  });
  const stranger = (name: string, call: Caller): Principal => ({
    name,
    call,
    inSpareSession: async () => call,
    type: 'nobody',
    userId: null,
    role: null,
    accountRoles: [],
    verified: false,
    home: ours,
    others: theirs,
  });
  const key = async (role: 'administrator' | 'auditor' | 'standard_user'): Promise<Principal> => ({
    ...stranger(`a key of an ${role}`, await keyOf(role)),
    type: 'api_key',
    role,
    verified: true,
  });
  return {
    product,
    document: await product.nobody.get('/openapi.json'),
    principals: [
      stranger('nobody', product.nobody),
      stranger('somebody with a made-up token', product.nobody.as(`ols_${'A'.repeat(43)}`)),
      stranger('the owner in an ended session', gone.call),
      stranger('somebody who is deactivated', deactivated.call),
      person('somebody who was removed', leaver, null, nowhere, ours),
      {
        ...person('an Administrator without the factor required', enzo, 'administrator', ours, theirs),
        mustEnrol: true,
      },
      await key('administrator'),
      await key('auditor'),
      await key('standard_user'),
      person('an unverified owner', una, 'owner', unverified, ours, ['owner'], false),
      person('a Standard User', bob, 'standard_user', ours, theirs),
      person('somebody whose organization was merged', greta, 'standard_user', ours, theirs),
      person('the Owner of an account', stan, 'standard_user', ours, theirs, ['owner']),
      person('an Administrator of an account', ada, 'standard_user', ours, theirs, ['administrator']),
      person('a Developer', dora, 'standard_user', ours, theirs, ['developer']),
      person('an Administrator', adam, 'administrator', ours, theirs),
      person('the Owner', anna, 'owner', ours, theirs),
      person('a Developer elsewhere', max, 'standard_user', theirs, ours, ['developer']),
      person('the Owner of another organization', eve, 'owner', theirs, ours),
      {
        ...stranger('the operator', product.operator),
        type: 'operator',
        verified: true,
        home: {
          organizationId: '',
          ids: { name: 'users', id: ours.organizationId, organizationId: ours.organizationId },
          absorbed,
        },
      },
    ],
    canaries: ['Canary', foreign],
    ours,
    theirs,
    theirIds: {
      org: [eve.organizationId],
      usr: await idsOf(eve, 'users', 'userId'),
      acc: await idsOf(eve, 'accounts', 'accountId'),
      dom: await idsOf(eve, 'domains', 'domainId'),
      inv: await idsOf(eve, 'invitations', 'invitationId'),
      imp: [theirs.ids.importId ?? ''],
    },
    theirEvents: await idsOf(eve, 'audit-events', 'id'),
    theirCursor: (await eve.call.get(eve.path('/audit-events?limit=1'))).nextCursor,
  };
};
