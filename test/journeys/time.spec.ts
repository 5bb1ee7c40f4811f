import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../support/caller.ts';
import { at, backends, type Person, Product, until } from '../support/product.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GRACE = 30 * DAY;

describe.each(backends)('time on $name', (backend) => {
  let product: Product;
  let clock: ShiftedClock;
  let anna: Person;
  let bob: Person;
  let domain: string;
  let added: Json;

  const shown = (): Promise<Json> => anna.call.get(anna.path(`/domains/${added.domainId}`));
  const history = (type: string): Promise<Json[]> =>
    anna.call.all(anna.path(`/audit-events?limit=200&type=${type}`));
  /** Time passes at once, as for a worker that slept; sessions have ended then. */
  const sleep = async (milliseconds: number): Promise<void> => {
    clock.shift(milliseconds);
    await clock.look(product);
    const position = await product.head();
    anna = { ...anna, ...(await product.signIn(anna.email)) };
    product.position = String(position);
  };
  const record = (there: boolean): void =>
    there
      ? product.dns.set(added.dnsRecord.host, 'TXT', [added.dnsRecord.value])
      : product.dns.remove(added.dnsRecord.host);

  beforeAll(async () => {
    clock = new ShiftedClock();
    product = await Product.start(backend);
    domain = product.domain('corporate');
    anna = await product.signUp(`anna@${domain}`);
    added = await product.verifiedDomain(anna, domain);
    bob = await product.join(anna, `bob@${domain}`, 'administrator');
  });
  afterAll(async () => {
    await product.stop();
    clock.restore();
  });

  it('INV-04, INV-07, AMB-03: a link that nobody followed ends as an event, and the address is free again', async () => {
    const { invitationId } = await product.invite(anna, `carol@${domain}`);
    await product.quiet(anna);
    await sleep(7 * DAY - HOUR);
    expect(await anna.call.get(anna.path(`/invitations/${invitationId}`))).toMatchObject({
      status: 'pending',
    });
    await sleep(HOUR);
    expect(await anna.call.get(anna.path(`/invitations/${invitationId}`))).toMatchObject({
      status: 'expired',
    });
    await until(
      () => anna.call.get(anna.path('/users?kind=pending')),
      ({ total }) => total === 0,
    );
    await product.invite(anna, `carol@${domain}`);
  });

  it('AMB-10, DOM-12: a server in trouble starts no clock, and is asked again soon', async () => {
    product.dns.fault(added.dnsRecord.host, 'servfail');
    await sleep(DAY);
    expect(await shown()).toMatchObject({ status: 'verified' });
    const doubt = await shown();
    expect(Date.parse(doubt.nextCheckAt) - Date.parse(doubt.lastCheckedAt)).toBe(HOUR);
  });

  it('DOM-13: the record gone, the clock starts', async () => {
    record(false);
    await sleep(HOUR);
    expect(await shown()).toMatchObject({ status: 'unvalidated' });
  });

  it('DOM-13: a clock set back a day and set right again changes nothing', async () => {
    const before = await shown();
    await sleep(-DAY);
    await sleep(DAY);
    expect(await shown()).toEqual(before);
    expect(await history('DomainLapseWarningSent')).toEqual([]);
  });

  it('DOM-15: no lapse early, also across a restart in the middle of the 30 days and a jump of a day', async () => {
    await sleep(16 * DAY);
    expect((await history('DomainLapseWarningSent')).map(({ data }) => data.day)).toEqual([15]);
    await product.restart();
    await sleep(DAY);
    const { unvalidatedSince } = await shown();
    const left = Date.parse(unvalidatedSince) + GRACE - clock.now();
    await sleep(left - HOUR);
    expect(await shown()).toMatchObject({ status: 'unvalidated', unvalidatedSince });
    expect(await history('DomainValidationLapsed')).toEqual([]);
  });

  it('AMB-10, DOM-15: when the last look can tell nothing, nothing lapses; it is made again', async () => {
    product.dns.fault(added.dnsRecord.host, 'servfail');
    await sleep(2 * HOUR);
    expect(await shown()).toMatchObject({ status: 'unvalidated' });
    const [lapse] = (await anna.call.get(anna.path('/upcoming?kind=domain_lapse'))).items;
    expect(Date.parse(lapse.dueAt)).toBeGreaterThan(clock.now());
    product.dns.remove(added.dnsRecord.host);
  });

  it('DOM-15: a worker that slept for 40 days forgets no lapse, and looks once more before it', async () => {
    const asked = product.dns.asked(added.dnsRecord.host);
    await sleep(40 * DAY);
    await anna.call.refused(404, 'not_found', 'GET', anna.path(`/domains/${added.domainId}`));
    expect(product.dns.asked(added.dnsRecord.host)).toBeGreaterThan(asked);
    const [lapsed, ...more] = await history('DomainValidationLapsed');
    expect(more).toEqual([]);
    expect(lapsed.data).toMatchObject({ reason: 'nxdomain', affectedUsers: 1, exemptOwnerId: anna.userId });
    await until(
      () => anna.call.get(anna.path('/users?kind=managed')),
      ({ items }) => items.length === 1 && items[0].userId === anna.userId,
    );
    await product.smtp.waitFor(
      ({ to, subject }) => to === bob.email && /no longer a member/.test(subject),
      15_000,
    );
    await product.smtp.waitFor(({ to, subject }) => to === anna.email && /was deleted/.test(subject), 15_000);
  });

  it('DOM-15: proved again, whom the lapse removed comes back', async () => {
    added = await product.verifiedDomain(anna, domain);
    const { position } = await anna.call.post(anna.path(`/domains/${added.domainId}/restore-users`));
    const { items } = await anna.call.get(anna.path(`/users?kind=managed&sort=email&${at(position)}`));
    expect(items.map(({ email, role }: Json) => [email, role])).toEqual([
      [anna.email, 'owner'],
      [bob.email, 'administrator'],
    ]);
  });

  it('nothing is parked in the end', async () => {
    expect((await product.operator.get('/v1/operations/parked')).items).toEqual([]);
  });
});
