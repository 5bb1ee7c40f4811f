import { describe, expect, it } from '@jest/globals';
import { specify } from '#kernel';
import { type DomainSlotEvent, domainSlots } from './domain-slots.ts';

const { given } = specify(domainSlots);
const now = '2026-03-01T10:00:00.000Z';

const reserved = (n: number): DomainSlotEvent => ({
  type: 'DomainSlotReserved',
  data: { organizationId: 'org_1', domainId: `dom_${n}`, domain: `d${n}.example`, reservedAt: now },
});
const released = (n: number): DomainSlotEvent => ({
  type: 'DomainSlotReleased',
  data: { organizationId: 'org_1', domainId: `dom_${n}` },
});
const reserve = (n: number, limit = 100) => ({
  type: 'ReserveDomainSlot' as const,
  organizationId: 'org_1',
  domainId: `dom_${n}`,
  domain: `d${n}.example`,
  limit,
});
const hundred = Array.from({ length: 100 }, (_, n) => reserved(n));

describe('places for domains', () => {
  it('DOM-01: an organization takes one place per domain', () => {
    given().when(reserve(1), { now }).then(reserved(1));
    given(reserved(1)).when(reserve(2), { now }).then(reserved(2));
  });

  it('DOM-03: the hundredth domain has a place, the next one has not', () => {
    given(...hundred.slice(0, 99))
      .when(reserve(100), { now })
      .then(reserved(100));
    given(...hundred)
      .when(reserve(100))
      .thenRefused('domain_limit_reached');
  });

  it('DOM-03: a place that was given back can be taken again', () => {
    given(...hundred, released(7))
      .when(reserve(100), { now })
      .then(reserved(100));
  });

  it('DOM-01: the same name is not added twice', () => {
    given(reserved(1))
      .when({ ...reserve(2), domain: 'd1.example' })
      .thenRefused('domain_already_added');
  });

  it('DOM-16: a name can be added again after its place was given back', () => {
    given(reserved(1), released(1))
      .when({ ...reserve(2), domain: 'd1.example' }, { now })
      .then({
        type: 'DomainSlotReserved',
        data: { organizationId: 'org_1', domainId: 'dom_2', domain: 'd1.example', reservedAt: now },
      });
  });

  it('reserving again and releasing again write nothing, also at the limit', () => {
    given(...hundred)
      .when(reserve(3))
      .thenNothing();
    given(reserved(1), released(1))
      .when({ type: 'ReleaseDomainSlot', organizationId: 'org_1', domainId: 'dom_1' })
      .thenNothing();
  });

  it('DOM-16: a released place is gone', () => {
    given(reserved(1))
      .when({ type: 'ReleaseDomainSlot', organizationId: 'org_1', domainId: 'dom_1' })
      .then(released(1));
    expect(given(reserved(1), reserved(2), released(1)).state()).toEqual({
      organizationId: 'org_1',
      taken: { dom_2: { domain: 'd2.example', reservedAt: now } },
    });
  });
});
