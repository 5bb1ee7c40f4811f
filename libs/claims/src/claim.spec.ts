import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type ClaimEvent, claim } from './claim.ts';

const { given } = specify(claim);
const now = '2026-03-01T10:00:00.000Z';

const reserved = (holder: string, organizationId: string | null = 'org_1'): ClaimEvent => ({
  type: 'ClaimReserved',
  data: { holder, organizationId, reservedAt: now },
});

describe('claim', () => {
  it('DOM-06: a value that nobody holds is reserved', () => {
    given()
      .when({ type: 'ReserveClaim', holder: 'dom_1', organizationId: 'org_1', insteadOf: null }, { now })
      .then(reserved('dom_1'));
  });

  it('DOM-06: a second holder is refused, and the refusal names the first', () => {
    const refusal = given(reserved('dom_1'))
      .when({ type: 'ReserveClaim', holder: 'dom_2', organizationId: 'org_2', insteadOf: null })
      .thenRefused('claim_held');
    expect(refusal).toEqual({
      refused: 'conflict',
      code: 'claim_held',
      detail: 'Somebody else holds this.',
      members: { holder: 'dom_1' },
    });
  });

  it('reserving what one holds writes nothing, whomever one meant to replace', () => {
    given(reserved('dom_1'))
      .when({ type: 'ReserveClaim', holder: 'dom_1', organizationId: 'org_1', insteadOf: null })
      .thenNothing();
    given(reserved('dom_1'))
      .when({
        type: 'ReserveClaim',
        holder: 'dom_1',
        organizationId: 'org_1',
        insteadOf: { holder: 'dom_9', reservedAt: now },
      })
      .thenNothing();
  });

  it('a dead holder is replaced only by who names exactly that holder', () => {
    given(reserved('dom_1'))
      .when(
        {
          type: 'ReserveClaim',
          holder: 'dom_2',
          organizationId: 'org_2',
          insteadOf: { holder: 'dom_1', reservedAt: now },
        },
        { now },
      )
      .then(reserved('dom_2', 'org_2'));
    given(reserved('dom_1'), reserved('dom_2', 'org_2'))
      .when({
        type: 'ReserveClaim',
        holder: 'dom_3',
        organizationId: 'org_3',
        insteadOf: { holder: 'dom_1', reservedAt: now },
      })
      .thenRefused('claim_held');
  });

  it('what has become free meanwhile is simply taken', () => {
    const insteadOf = { holder: 'dom_1', reservedAt: now };
    given()
      .when({ type: 'ReserveClaim', holder: 'dom_2', organizationId: null, insteadOf }, { now })
      .then(reserved('dom_2', null));
  });

  it('DOM-06: a reservation that its holder has renewed is not the abandoned one', () => {
    const later = '2026-03-01T10:00:45.000Z';
    const renewed: ClaimEvent = {
      type: 'ClaimReserved',
      data: { holder: 'dom_1', organizationId: 'org_1', reservedAt: later },
    };
    given(reserved('dom_1')).when({ type: 'RenewClaim', holder: 'dom_1' }, { now: later }).then(renewed);
    const insteadOf = { holder: 'dom_1', reservedAt: now };
    given(reserved('dom_1'), renewed)
      .when({ type: 'ReserveClaim', holder: 'dom_2', organizationId: 'org_2', insteadOf })
      .thenRefused('claim_held');
    given(reserved('dom_2', 'org_2')).when({ type: 'RenewClaim', holder: 'dom_1' }).thenRefused('claim_held');
  });

  it('its holder releases it and somebody else takes it', () => {
    given(reserved('dom_1'))
      .when({ type: 'ReleaseClaim', holder: 'dom_1' })
      .then({ type: 'ClaimReleased', data: { holder: 'dom_1' } });
    given(reserved('dom_1'), { type: 'ClaimReleased', data: { holder: 'dom_1' } })
      .when({ type: 'ReserveClaim', holder: 'dom_2', organizationId: null, insteadOf: null }, { now })
      .then(reserved('dom_2', null));
  });

  it('P4: what its holder has renewed meanwhile is not released with what was before', () => {
    const later = '2026-03-01T10:00:01.000Z';
    given().when({ type: 'RenewClaim', holder: 'usr_1' }, { now }).then(reserved('usr_1', null));
    given(reserved('usr_1')).when({ type: 'ReleaseClaim', holder: 'usr_1', before: now }).thenNothing();
    given(reserved('usr_1'))
      .when({ type: 'ReleaseClaim', holder: 'usr_1', before: later })
      .then({ type: 'ClaimReleased', data: { holder: 'usr_1' } });
  });

  it('nobody else can release it', () => {
    given(reserved('dom_1')).when({ type: 'ReleaseClaim', holder: 'dom_2' }).thenNothing();
    given().when({ type: 'ReleaseClaim', holder: 'dom_2' }).thenNothing();
  });

  it('a late release of an earlier holder changes nothing', () => {
    const state = given(reserved('dom_1'), reserved('dom_2'), {
      type: 'ClaimReleased',
      data: { holder: 'dom_1' },
    }).state();
    expect(state.holder).toBe('dom_2');
  });
});
