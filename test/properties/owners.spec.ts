import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Decider, type Event, isRefusal } from '#kernel';
import { organization } from '../../libs/organizations/src/organization.ts';
import { userRemoval } from '../../libs/users/src/user.departure.ts';
import { isLiving, type UserCommand, user } from '../../libs/users/src/user.ts';

const RUNS = process.env.ORGLEDGER_LONG === '1' ? 20_000 : 400;
const now = '2026-03-01T10:00:00.000Z';
const until = '2026-03-01T10:01:00.000Z';
const organizationId = 'org_1';
const people = ['usr_1', 'usr_2', 'usr_3'];
const context = { now, actor: { type: 'user', id: 'usr_1' } } as const;

/** Streams that are appended to only at the revision that was read, as the log does it. */
class Log {
  readonly #streams = new Map<string, readonly Event[]>();

  read<State, E extends Event>(decider: Decider<State, never, E>, id: string) {
    const events = (this.#streams.get(`${decider.category}-${id}`) ?? []) as readonly E[];
    return { state: events.reduce(decider.evolve, decider.initial), revision: events.length };
  }

  /** False: somebody was faster. */
  append(category: string, id: string, revision: number, events: readonly Event[]): boolean {
    const stream = this.#streams.get(`${category}-${id}`) ?? [];
    if (stream.length !== revision) return false;
    this.#streams.set(`${category}-${id}`, [...stream, ...events]);
    return true;
  }
}

const begun = (): Log => {
  const log = new Log();
  const created = organization.decide(
    { type: 'CreateOrganization', organizationId, name: 'x', ownerId: 'usr_1', via: 'sign_up' },
    organization.initial,
    context,
  );
  log.append('organization', organizationId, 0, created as Event[]);
  for (const userId of people) {
    const person = {
      userId,
      email: `${userId}@b.example`,
      domain: 'b.example',
      givenName: '',
      familyName: '',
    };
    const past: UserCommand[] = [
      {
        type: 'SignUp',
        ...person,
        founds: null,
        joinsAfterVerification: null,
        tokenHash: '',
        tokenExpiresAt: '',
      },
      {
        type: 'JoinOrganization',
        organizationId,
        role: userId === 'usr_1' ? 'owner' : 'administrator',
        via: 'invitation',
        invitationId: null,
      },
    ];
    for (const command of past) {
      const { state, revision } = log.read(user, userId);
      log.append('user', userId, revision, user.decide(command, state, context) as Event[]);
    }
  }
  return log;
};

/** One attempt of a command on a person, with a pause wherever others may come in between. */
function* onPerson(
  log: Log,
  userId: string,
  command: (ownerId: string) => UserCommand,
): Generator<void, void> {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const { state, revision } = log.read(user, userId);
    yield;
    const home = log.read(organization, organizationId).state;
    yield;
    const decision = user.decide(command(home.status === 'open' ? home.ownerId : ''), state, context);
    if (isRefusal(decision) || decision.length === 0) return;
    if (log.append('user', userId, revision, decision)) return;
    yield;
  }
}

/** As the handler does it: nominate, then say so in one event of the organization, then tell both people. */
function* transfer(log: Log, previousOwnerId: string, newOwnerId: string): Generator<void, void> {
  const { state, revision } = log.read(organization, organizationId);
  yield;
  const known = log.read(user, newOwnerId);
  yield;
  const nominated = user.decide({ type: 'NominateOwner', organizationId, until }, known.state, context);
  if (isRefusal(nominated)) return;
  if (nominated.length > 0 && !log.append('user', newOwnerId, known.revision, nominated)) return;
  yield;
  const decision = organization.decide(
    {
      type: 'TransferOwnership',
      previousOwnerId,
      newOwnerId,
      newOwnerDomain: 'acme.com',
      previousOwnerRole: 'standard_user',
    },
    state,
    context,
  );
  if (isRefusal(decision) || !log.append('organization', organizationId, revision, decision)) return;
  yield;
  for (const userId of [newOwnerId, previousOwnerId])
    yield* onPerson(log, userId, (ownerId) => ({
      type: 'FollowOwnership',
      organizationId,
      role: ownerId === userId ? 'owner' : 'standard_user',
    }));
}

const leaving = {
  acknowledgements: userRemoval.map(({ code }) => code),
  owned: [],
  accountIds: [],
  managed: [],
};

const commands: Readonly<Record<string, (ownerId: string) => UserCommand>> = {
  remove: (ownerId) => ({ type: 'RemoveUser', ownerId, ...leaving }),
  deactivate: (ownerId) => ({ type: 'DeactivateUser', ownerId }),
  demote: (ownerId) => ({ type: 'ChangeOrganizationRole', role: 'standard_user', ownerId }),
  lapse: (ownerId) => ({
    type: 'LeaveOrganization',
    organizationId,
    reason: 'domain_validation_lapsed',
    cause: null,
    ownerId,
    accountIds: [],
  }),
};

it('ORG-02, ORG-11: however removals, deactivations and transfers run into each other, there is one Owner, active and managed', () => {
  const somebody = fc.constantFrom(...people);
  const step = fc.oneof(
    fc.record({ what: fc.constant('transfer'), who: somebody, to: somebody }),
    fc.record({ what: fc.constantFrom(...Object.keys(commands)), who: somebody, to: somebody }),
  );
  const turns = fc.array(fc.nat({ max: 9 }), { minLength: 40, maxLength: 120 });
  let handedOn = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), turns, (steps, order) => {
      const log = begun();
      const running = steps.map(({ what, who, to }) =>
        what === 'transfer'
          ? transfer(log, who, to)
          : onPerson(log, who, commands[what] as (ownerId: string) => UserCommand),
      );
      for (const turn of order) {
        running[turn % running.length]?.next();
        const home = log.read(organization, organizationId).state;
        if (home.status !== 'open') throw new Error('the organization is gone');
        const { state: owner } = log.read(user, home.ownerId);
        if (home.ownerId !== 'usr_1') handedOn += 1;
        expect(owner.status).toBe('active');
        expect(isLiving(owner) && owner.membership?.organizationId).toBe(organizationId);
      }
    }),
    { numRuns: RUNS },
  );
  expect(handedOn).toBeGreaterThan(RUNS / 10);
});
