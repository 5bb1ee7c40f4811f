import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import type { DomainEvent, Observation } from './domain.events.ts';
import { domain, domainDeletion } from './domain.ts';

const { given } = specify(domain);
const now = '2026-03-01T10:00:00.000Z';
const later = '2026-03-20T10:00:00.000Z';

const named = { domainId: 'dom_1', organizationId: 'org_1', domain: 'corporate.example' };
const asked = { ...named, method: 'dns_txt', token: 'f'.repeat(32), skeleton: 'corporate.example' } as const;
const added: DomainEvent = { type: 'DomainAdded', data: { ...asked, addedAt: now } };
const verified: DomainEvent = {
  type: 'DomainVerified',
  data: { ...named, method: 'dns_txt', evidence: 'the record', verifiedAt: now },
};
const missed: DomainEvent = {
  type: 'DomainRecheckFailed',
  data: { ...named, unvalidatedSince: now, reason: 'no_record', observed: [] },
};
const revalidated: DomainEvent = {
  type: 'DomainRevalidated',
  data: { ...named, unvalidatedSince: now, revalidatedAt: later },
};
const deleted: DomainEvent = {
  type: 'DomainDeleted',
  data: { ...named, reason: 'manual', acknowledgements: domainDeletion(2) },
};
const codes = domainDeletion(2).map(({ code }) => code);

const found: Observation = { outcome: 'found', reason: 'match', observed: ['the record', 'another'] };
const missing: Observation = { outcome: 'missing', reason: 'no_record', observed: ['v=spf1'] };
const inconclusive: Observation = { outcome: 'inconclusive', reason: 'servfail', observed: [] };
const verify = (observation: Observation) => ({ type: 'VerifyDomain' as const, observation });

describe('domain', () => {
  it('DOM-01, DOM-08: is added pending, with the one token that both methods carry', () => {
    given()
      .when({ type: 'AddDomain', ...asked }, { now })
      .then(added);
    expect(given(added).state()).toEqual({
      status: 'pending',
      ...named,
      method: 'dns_txt',
      token: asked.token,
      addedAt: now,
      missed: { reason: '', observed: [] },
    });
  });

  it('DOM-08: changing the method keeps the token', () => {
    given(added)
      .when({ type: 'ChangeVerificationMethod', method: 'https_file' })
      .then({
        type: 'VerificationMethodChanged',
        data: { ...named, method: 'https_file', previousMethod: 'dns_txt' },
      });
    expect(
      given(added, {
        type: 'VerificationMethodChanged',
        data: { ...named, method: 'https_file', previousMethod: 'dns_txt' },
      }).state(),
    ).toMatchObject({ status: 'pending', method: 'https_file', token: asked.token });
  });

  it('DOM-08: changing the method of a verified domain leaves it verified', () => {
    const changed: DomainEvent = {
      type: 'VerificationMethodChanged',
      data: { ...named, method: 'https_file', previousMethod: 'dns_txt' },
    };
    expect(given(added, verified, changed).state()).toMatchObject({ status: 'verified' });
  });

  it('DOM-02, DOM-10: a check that finds the token verifies at once and keeps the first evidence', () => {
    given(added).when(verify(found), { now }).then(verified);
  });

  it('DOM-10: the evidence is the reason where nothing was observed', () => {
    given(added)
      .when(verify({ ...found, observed: [] }), { now })
      .then({ ...verified, data: { ...verified.data, evidence: 'match' } } as DomainEvent);
  });

  it('DOM-10: verification names the method in force', () => {
    given(added, {
      type: 'VerificationMethodChanged',
      data: { ...named, method: 'https_file', previousMethod: 'dns_txt' },
    })
      .when(verify(found), { now })
      .then({ ...verified, data: { ...verified.data, method: 'https_file' } } as DomainEvent);
  });

  it('DOM-11: a pending domain whose token is not there stays pending, with what was seen', () => {
    const failed: DomainEvent = {
      type: 'DomainVerificationFailed',
      data: { ...named, outcome: 'missing', reason: 'no_record', observed: ['v=spf1'], checkedAt: now },
    };
    given(added).when(verify(missing), { now }).then(failed);
    expect(given(added, failed).state()).toMatchObject({ status: 'pending' });
    given(added, failed).when(verify(found), { now }).then(verified);
  });

  it('AMB-10: an inconclusive check of a pending domain is recorded as such', () => {
    given(added)
      .when(verify(inconclusive), { now })
      .then({
        type: 'DomainVerificationFailed',
        data: { ...named, outcome: 'inconclusive', reason: 'servfail', observed: [], checkedAt: now },
      });
  });

  it('DOM-12: a verified domain whose token is there stays as it is', () => {
    given(added, verified).when(verify(found)).thenNothing();
  });

  it('DOM-13, AMB-07: the first miss of a verified domain starts the clock and deletes nothing', () => {
    given(added, verified)
      .when(verify(missing), { now })
      .then({ ...missed, data: { ...missed.data, observed: ['v=spf1'] } } as DomainEvent);
    expect(given(added, verified, missed).state()).toMatchObject({
      status: 'unvalidated',
      unvalidatedSince: now,
    });
  });

  it('DOM-13: a second miss does not start the clock anew', () => {
    given(added, verified, missed).when(verify(missing), { now: later }).thenNothing();
  });

  it('AMB-10: an inconclusive check neither starts nor stops the clock', () => {
    given(added, verified).when(verify(inconclusive)).thenNothing();
    given(added, verified, missed).when(verify(inconclusive)).thenNothing();
  });

  it('DOM-13, DOM-14: finding the token again validates the domain and tells since when it was missing', () => {
    given(added, verified, missed).when(verify(found), { now: later }).then(revalidated);
    expect(given(added, verified, missed, revalidated).state()).toEqual({
      status: 'verified',
      ...named,
      method: 'dns_txt',
      token: asked.token,
      addedAt: now,
      restoring: false,
      missed: { reason: 'no_record', observed: [] },
    });
  });

  it('DOM-13: the clock starts again at the next miss', () => {
    given(added, verified, missed, revalidated)
      .when(verify(missing), { now: later })
      .then({
        ...missed,
        data: { ...missed.data, unvalidatedSince: later, observed: ['v=spf1'] },
      } as DomainEvent);
  });

  it('DOM-16, AMB-12: deleting lists every acknowledgement until all are given', () => {
    const refusal = given(added)
      .when({ type: 'DeleteDomain', acknowledgements: codes.slice(1), managedUsers: 2 })
      .thenRefused('acknowledgements_required');
    expect(refusal.members).toEqual({ required: domainDeletion(2) });
    given(added).when({ type: 'DeleteDomain', managedUsers: 2 }).thenRefused('acknowledgements_required');
  });

  it.each([
    ['pending', [added]],
    ['verified', [added, verified]],
    ['unvalidated', [added, verified, missed]],
  ] as const)('DOM-16: a %s domain is deleted by hand, with what was acknowledged', (_status, past) => {
    given(...past)
      .when({ type: 'DeleteDomain', acknowledgements: codes, managedUsers: 2 })
      .then(deleted);
  });

  it('AMB-12: the sentences acknowledged say how many users stay and that invitations end', () => {
    expect(domainDeletion(2).at(-1)?.sentence).toBe(
      'Managed users of this domain stay in the Organization: 2.',
    );
    expect(codes).toEqual(['domain_deleted', 'no_new_users', 'invitations_cancelled', 'users_stay']);
  });

  it('DOM-17: nothing can be done with a deleted or absent domain', () => {
    for (const past of [[], [added, deleted], [added, verified, deleted]]) {
      given(...past)
        .when(verify(found))
        .thenRefused('not_found');
      given(...past)
        .when({ type: 'ChangeVerificationMethod', method: 'https_file' })
        .thenRefused('not_found');
      given(...past)
        .when({ type: 'DeleteDomain', acknowledgements: codes, managedUsers: 2 })
        .thenRefused('not_found');
    }
  });

  it('adding again, and choosing the method it has, write nothing', () => {
    given(added)
      .when({ type: 'AddDomain', ...asked })
      .thenNothing();
    given(added, deleted)
      .when({ type: 'AddDomain', ...asked })
      .thenNothing();
    given(added).when({ type: 'ChangeVerificationMethod', method: 'dns_txt' }).thenNothing();
  });

  it('belongs to the history of its organization, deleted or not', () => {
    expect(domain.organizationOf(given(added, deleted).state())).toBe('org_1');
    expect(domain.organizationOf(given().state())).toBeNull();
  });
});
