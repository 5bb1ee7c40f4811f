import { randomBytes } from 'node:crypto';
import type { Role } from '#commands';
import type { Caller, Json } from '../support/caller.ts';
import type { Person, Product } from '../support/product.ts';

/** Ids of the things of one organization, by the name of the path parameter. */
export type Ids = Readonly<Record<string, string>>;

export interface Home {
  readonly organizationId: string;
  readonly ids: Ids;
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
  readonly verified: boolean;
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
  eventId: '00000000-0000-5000-8000-000000000000',
  name: 'nothing',
  id: 'nothing',
});

/** An organization with one of everything. */
const furnish = async (
  product: Product,
  owner: Person,
  member: Person,
  domainId: string,
  domain: string,
): Promise<Home> => {
  const { invitationId } = await product.invite(owner, `invited@${domain}`);
  await product.quiet(owner);
  const [event] = (await owner.call.get(owner.path('/audit-events?limit=1'))).items;
  return {
    organizationId: owner.organizationId,
    ids: {
      organizationId: owner.organizationId,
      userId: member.userId,
      accountId: owner.accountId,
      domainId,
      invitationId,
      eventId: event.id,
    },
  };
};

const idsOf = async (owner: Person, list: string, field: string): Promise<string[]> =>
  (await owner.call.all(owner.path(`/${list}?limit=200`))).map((item) => item[field]);

export const setScene = async (product: Product): Promise<Scene> => {
  const [domain, foreign] = [product.domain('ours'), product.domain('canary')];
  const anna = await product.signUp(`anna@${domain}`);
  const { domainId } = await product.verifiedDomain(anna, domain);
  const adam = await product.join(anna, `adam@${domain}`, 'administrator');
  const stan = await product.join(anna, `stan@${domain}`);
  const ours = await furnish(product, anna, stan, domainId, domain);

  const eve = await product.signUp(`eve@${foreign}`, {
    familyName: 'Canary',
    organizationName: 'Canary Works',
  });
  const { domainId: foreignDomainId } = await product.verifiedDomain(eve, foreign);
  const mallory = await product.join(eve, `mallory@${foreign}`);
  for (let n = 0; n < 6; n++) await product.invite(eve, `canary${n}@${foreign}`);
  const theirs = await furnish(product, eve, mallory, foreignDomainId, foreign);

  const una = await product.signUp(`una@${product.domain('unverified')}`, { verified: false });
  const unverified: Home = {
    organizationId: una.organizationId,
    ids: {
      organizationId: una.organizationId,
      userId: una.userId,
      accountId: una.accountId,
    },
  };
  const gone = await product.signIn(anna.email);
  await gone.call.expecting([204], 'DELETE', '/v1/sessions/current');

  const person = (
    name: string,
    { email, userId, call }: Person,
    role: Principal['role'],
    home: Home,
    others: Home,
    verified = true,
  ): Principal => ({
    name,
    call,
    inSpareSession: async () => (await product.signIn(email)).call,
    type: 'user',
    userId,
    role,
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
    verified: false,
    home: ours,
    others: theirs,
  });
  return {
    product,
    document: await product.nobody.get('/openapi.json'),
    principals: [
      stranger('nobody', product.nobody),
      stranger('somebody with a made-up token', product.nobody.as(`ols_${'A'.repeat(43)}`)),
      stranger('the owner in an ended session', gone.call),
      person('an unverified owner', una, 'owner', unverified, ours, false),
      person('a Standard User', stan, 'standard_user', ours, theirs),
      person('an Administrator', adam, 'administrator', ours, theirs),
      person('the Owner', anna, 'owner', ours, theirs),
      person('a Standard User elsewhere', mallory, 'standard_user', theirs, ours),
      person('the Owner of another organization', eve, 'owner', theirs, ours),
      {
        ...stranger('the operator', product.operator),
        type: 'operator',
        verified: true,
        home: { organizationId: '', ids: { name: 'users' } },
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
    },
    theirEvents: await idsOf(eve, 'audit-events', 'id'),
    theirCursor: (await eve.call.get(eve.path('/audit-events?limit=1'))).nextCursor,
  };
};
