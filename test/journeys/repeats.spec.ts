import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { backends, type Person, Product, until } from '../support/product.ts';

describe.each(backends)('commands that are sent again after the right was lost on $name', (backend) => {
  let product: Product;
  let anna: Person;
  /** Administrates the organization when the commands are sent first, and is nobody there when they are sent again. */
  let bob: Person;
  let olga: Person;
  let olgas: string;
  let domain: string;
  let cancelled: string;
  let resent: string;

  beforeAll(async () => {
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    await product.verifiedDomain(anna, domain);
    bob = await product.join(anna, `bob@${domain}`, 'administrator');
    olga = await product.signUp(`olga@${product.domain('elsewhere')}`);
    olgas = olga.accountId;
    const { additionId } = await anna.call.post(anna.path('/account-additions'), {
      accountId: olgas,
      kind: 'independent',
    });
    await olga.call.post(`/v1/account-additions/${additionId}/confirm`);
    ({ invitationId: cancelled } = await product.invite(anna, `cecil@${domain}`));
    ({ invitationId: resent } = await product.invite(anna, `rosa@${domain}`));
  });
  afterAll(() => product.stop());

  const acknowledgementsOf = async (path: string): Promise<string[]> => {
    const { required } = await anna.call.refused(422, 'acknowledgements_required', 'POST', path);
    return required.map(({ code }: Json) => code);
  };

  const commands: readonly [name: string, send: () => Promise<[path: string, body?: Json]>][] = [
    ['CreateAccount', async () => [bob.path('/accounts'), { name: 'New', ownerId: anna.userId }]],
    ['AddDomain', async () => [bob.path('/domains'), { domain: product.domain('later'), method: 'dns_txt' }]],
    ['SendInvite', async () => [bob.path('/invitations'), { email: `ida@${domain}`, role: 'standard_user' }]],
    ['ResendInvite', async () => [bob.path(`/invitations/${resent}/resend`)]],
    ['CancelInvite', async () => [bob.path(`/invitations/${cancelled}/cancel`)]],
    [
      'InviteToAccount: by mail',
      async () => [
        `/v1/accounts/${anna.accountId}/invitations`,
        { email: `zoe@${product.domain('far')}`, roles: ['support'] },
      ],
    ],
    [
      'InviteToAccount: at once',
      async () => [`/v1/accounts/${anna.accountId}/invitations`, { email: bob.email, roles: ['support'] }],
    ],
    [
      'RelinquishIndependentAccount',
      async () => {
        const path = bob.path(`/accounts/${olgas}/relinquish`);
        return [path, { acknowledgements: await acknowledgementsOf(path) }];
      },
    ],
    [
      'RequestAccountAddition',
      async () => [bob.path('/account-additions'), { accountId: olgas, kind: 'independent' }],
    ],
  ];

  it('P2: each answers its first receipt again, and is refused under another key', async () => {
    const sent: { name: string; path: string; body: Json; first: Json }[] = [];
    for (const [name, prepare] of commands) {
      const [path, body] = await prepare();
      const first = await bob.call.key(name).post(path, body);
      expect([name, first.events.length > 0]).toEqual([name, true]);
      sent.push({ name, path, body, first });
    }
    const removal = anna.path(`/users/${bob.userId}/remove`);
    await anna.call.post(removal, { acknowledgements: await acknowledgementsOf(removal) });
    await until(
      () => bob.call.get('/v1/me'),
      ({ organizationId }) => organizationId === null,
    );
    for (const { name, path, body, first } of sent) {
      const again = await bob.call.key(name).post(path, body);
      const { position: _first, ...answered } = first;
      const { position: _again, ...repeated } = again;
      expect([name, repeated]).toEqual([name, answered]);
      const other = await bob.call.key(`${name} once more`).send('POST', path, { body });
      expect([name, [403, 404].includes(other.status)]).toEqual([name, true]);
    }
  });
});
