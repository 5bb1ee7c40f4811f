import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type MergeEvent, merge, roleAfter } from './merge.ts';

const now = '2026-01-01T00:00:00.000Z';
const about = { mergeId: 'mrg_1', organizationId: 'org_1', candidateOrganizationId: 'org_2' };
const offered = { ...about, candidateOwnerId: 'usr_1', role: 'administrator' } as const;
const requested: MergeEvent = {
  type: 'MergeRequested',
  data: { ...offered, invitationId: 'inv_1', requestedBy: 'usr_9', requestedAt: now },
};
const begin = (via: 'invitation' | 'import') =>
  ({
    type: 'StartMerge',
    ...offered,
    via,
    importId: via === 'import' ? 'imp_1' : null,
    invitationId: via === 'import' ? null : 'inv_1',
  }) as const;
const started = (via: 'invitation' | 'import' = 'invitation'): MergeEvent => {
  const { type: _type, ...data } = begin(via);
  return { type: 'MergeStarted', data: { ...data, startedAt: now } };
};
const users = [
  { userId: 'usr_1', role: 'owner' },
  { userId: 'usr_2', role: 'administrator' },
] as const;
const planned = (complete = true): MergeEvent => ({
  type: 'MergePlanned',
  data: { ...about, users, accounts: ['acc_1'], complete },
});
const nothing = { users: 0, accounts: 0 };
const moved = (
  userId: string,
  role: 'administrator' | 'standard_user',
  previousRole: 'owner' | 'administrator',
) => ({ type: 'MergeUserMoved', data: { ...about, userId, role, previousRole } }) as const;
const accountMoved: MergeEvent = { type: 'MergeAccountMoved', data: { ...about, accountId: 'acc_1' } };
const progressed = (done: typeof nothing, via: 'invitation' | 'import' = 'invitation'): MergeEvent => ({
  type: 'MergeProgressed',
  data: { ...about, via, done },
});
const completed = (count: typeof nothing): MergeEvent => ({
  type: 'MergeCompleted',
  data: { ...about, ...count, completedAt: now },
});
const step = (id: string, wasMoved = true) => ({ id, moved: wasMoved });

const { given } = specify(merge);

describe('a merge', () => {
  it('MRG-03: is offered once; the offer can be withdrawn until it begins', () => {
    const { type: _type, data } = requested as Extract<MergeEvent, { type: 'MergeRequested' }>;
    const { requestedAt: _at, ...asked } = data;
    given()
      .when({ type: 'RequestMerge', ...asked })
      .then(requested);
    given(requested)
      .when({ type: 'RequestMerge', ...asked })
      .thenNothing();
    given(requested)
      .when({ type: 'WithdrawMerge', reason: 'declined' })
      .then({ type: 'MergeWithdrawn', data: { ...about, reason: 'declined' } });
    given(requested, started()).when({ type: 'WithdrawMerge', reason: 'expired' }).thenNothing();
    given(requested, { type: 'MergeWithdrawn', data: { ...about, reason: 'expired' } })
      .when(begin('invitation'))
      .thenRefused('merge_over');
    given(requested, { type: 'MergeWithdrawn', data: { ...about, reason: 'expired' } })
      .when({ type: 'RequestMerge', ...asked })
      .then(requested);
  });

  it('rules.md 2.7: begins once, by an offer or by an import', () => {
    given(requested).when(begin('invitation')).then(started());
    given().when(begin('import')).then(started('import'));
    given(started('import')).when(begin('import')).thenNothing();
  });

  it('rules.md 2.7: the plan says who and what moves; a part that stands already is not told again', () => {
    const plan = { type: 'PlanMerge', from: nothing, users, accounts: ['acc_1'], complete: true } as const;
    given(started()).when(plan).then(planned());
    given(started(), planned()).when(plan).thenNothing();
    given(started(), planned())
      .when({ ...plan, from: { users: 2, accounts: 1 }, users: [], accounts: [] })
      .thenNothing();
    given(started(), planned())
      .when({ ...plan, from: { users: 2, accounts: 1 }, users: [], accounts: ['acc_2'] })
      .then({ type: 'MergePlanned', data: { ...about, users: [], accounts: ['acc_2'], complete: true } });
  });

  it('MRG-04: what has moved is told part by part; the last part completes it', () => {
    given(started(), planned())
      .when({ type: 'RecordMoves', from: nothing, users: [step('usr_1')], accounts: [] })
      .then(moved('usr_1', 'administrator', 'owner'), progressed({ users: 1, accounts: 0 }));
    given(
      started(),
      planned(),
      moved('usr_1', 'administrator', 'owner'),
      progressed({ users: 1, accounts: 0 }),
    )
      .when({
        type: 'RecordMoves',
        from: { users: 1, accounts: 0 },
        users: [step('usr_2')],
        accounts: [step('acc_1')],
      })
      .then(
        moved('usr_2', 'standard_user', 'administrator'),
        accountMoved,
        completed({ users: 2, accounts: 1 }),
      );
  });

  it('P17: a part that somebody has told already is not told again; who had left before does not count', () => {
    given(started(), planned(), progressed({ users: 1, accounts: 0 }))
      .when({ type: 'RecordMoves', from: nothing, users: [step('usr_1')], accounts: [] })
      .thenNothing();
    given(started(), planned())
      .when({
        type: 'RecordMoves',
        from: nothing,
        users: [step('usr_1'), step('usr_2', false)],
        accounts: [step('acc_1', false)],
      })
      .then(moved('usr_1', 'administrator', 'owner'), completed({ users: 1, accounts: 0 }));
  });

  it('rules.md 2.7: fails only before anything is planned; afterwards there is only forward', () => {
    const fail = { type: 'FailMerge', reason: 'candidate_has_verified_domains' } as const;
    given(started())
      .when(fail)
      .then({
        type: 'MergeFailed',
        data: { ...about, invitationId: 'inv_1', reason: fail.reason, failedAt: now },
      });
    given(started(), planned()).when(fail).thenNothing();
  });

  it('rules.md 2.7: a plan of those who came late, told in part, is no way back either', () => {
    const late: MergeEvent = {
      type: 'MergePlanned',
      data: { ...about, users: [], accounts: ['acc_2'], complete: false },
    };
    const fail = { type: 'FailMerge', reason: 'user_limit_reached' } as const;
    given(started(), planned(), late).when(fail).thenNothing();
    given(started(), planned(false), late)
      .when(fail)
      .then({
        type: 'MergeFailed',
        data: { ...about, invitationId: 'inv_1', reason: fail.reason, failedAt: now },
      });
  });

  it('MRG-05, MRG-07: Administrators become Standard Users, and by import the Owner too; an invited Owner gets the offered role', () => {
    const by = (via: 'invitation' | 'import') =>
      ({ via, role: 'administrator', candidateOwnerId: 'usr_1' }) as const;
    expect(roleAfter(by('invitation'), 'usr_1')).toBe('administrator');
    expect(roleAfter(by('invitation'), 'usr_2')).toBe('standard_user');
    expect(roleAfter(by('import'), 'usr_1')).toBe('standard_user');
  });
});
