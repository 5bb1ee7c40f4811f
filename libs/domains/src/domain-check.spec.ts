import { describe, expect, it } from '@jest/globals';
import { daysAfter, laterBy, specify } from '#kernel';
import { type DomainCheckEvent, domainChecks } from './domain-check.ts';

const { given } = specify(domainChecks);
const due = '2026-03-01T10:00:00.000Z';
const late = laterBy(due, 700);
const hours = (n: number) => n * 3_600_000;

const look = (outcome: 'found' | 'missing' | 'inconclusive', more: object = {}) => ({
  type: 'RecordDomainCheck' as const,
  domainId: 'dom_1',
  organizationId: 'org_1',
  domain: 'corporate.example',
  outcome,
  reason: 'because',
  dueAt: due,
  lapses: false,
  ...more,
});
const checked = (
  outcome: 'found' | 'missing' | 'inconclusive',
  nextCheckAt: string,
  more: object = {},
): DomainCheckEvent => ({
  type: 'DomainChecked',
  data: {
    domainId: 'dom_1',
    organizationId: 'org_1',
    domain: 'corporate.example',
    outcome,
    reason: 'because',
    checkedAt: late,
    nextCheckAt,
    lapseDueAt: null,
    ...more,
  },
});

describe('when a domain is looked at again', () => {
  it('DOM-12: the stream of looks keeps three months of them, and more than any doubt looks back on', () => {
    expect(domainChecks.keeps).toBe(90);
  });

  it.each(['found', 'missing'] as const)(
    'DOM-12: %s: a day after the look was due, however late it was made',
    (outcome) => {
      given()
        .when(look(outcome), { now: late })
        .then(checked(outcome, daysAfter(due, 1)));
    },
  );

  it('DOM-12: what was asked for, and what was slept through, counts from now', () => {
    given()
      .when(look('found', { dueAt: null }), { now: late })
      .then(checked('found', daysAfter(late, 1)));
    given()
      .when(look('found', { dueAt: daysAfter(late, -40) }), { now: late })
      .then(checked('found', daysAfter(late, 1)));
  });

  it('AMB-10: in doubt sooner, each time later, at last daily; a clear answer ends the doubt', () => {
    const doubts: DomainCheckEvent[] = [];
    for (const n of [1, 2, 4, 8, 16, 24, 24]) {
      const next = checked('inconclusive', laterBy(late, hours(n)));
      given(...doubts)
        .when(look('inconclusive'), { now: late })
        .then(next);
      doubts.push(next);
    }
    given(...doubts, checked('found', daysAfter(due, 1)))
      .when(look('inconclusive'), { now: late })
      .then(checked('inconclusive', laterBy(late, hours(1))));
  });

  it('AMB-10: a lapse that could not be decided is tried again right after the next look', () => {
    given()
      .when(look('inconclusive', { lapses: true }), { now: late })
      .then(checked('inconclusive', laterBy(late, hours(1)), { lapseDueAt: laterBy(late, hours(1) + 1) }));
  });
});
