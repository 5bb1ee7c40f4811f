import type { Json } from './caller.ts';
import { type Person, type Product, password, until } from './product.ts';

const tokenOf = ({ links }: Json): string => new URL(links[0]).searchParams.get('token') ?? '';

/** A product over its own mailbox, zone and clock. */
export class Sandboxed {
  readonly #product: Product;

  constructor(product: Product) {
    this.#product = product;
  }

  /** The n-th mail of a kind to an address. */
  async mail(to: string, kind: string, nth = 1): Promise<Json> {
    const { items } = await until(
      () => this.#product.nobody.get(`/sandbox/mail?to=${encodeURIComponent(to)}&kind=${kind}`),
      (answer) => answer.items.length >= nth,
    );
    return items[items.length - nth];
  }

  /** The mails of a kind, to anybody, oldest first. */
  async mails(kind: string): Promise<Json[]> {
    return (await this.#product.nobody.get(`/sandbox/mail?kind=${kind}`)).items.toReversed();
  }

  async advance(milliseconds: number): Promise<number> {
    const { now } = await this.#product.nobody.post('/sandbox/clock/advance', { milliseconds });
    return Date.parse(now);
  }

  async now(): Promise<number> {
    return Date.parse((await this.#product.nobody.get('/sandbox/clock')).now);
  }

  async signUp(email: string, fields: Json = {}): Promise<Person> {
    const person = await this.#product.signUp(email, { ...fields, verified: false });
    const token = tokenOf(await this.mail(email, 'email_verification'));
    await this.#product.nobody.post('/v1/email-verifications/complete', { token });
    return person;
  }

  /** Signed in again: sessions end while time is moved. */
  async back(person: Person): Promise<Person> {
    return { ...person, ...(await this.#product.signIn(person.email)) };
  }

  /** A new person who was invited and accepted. */
  async join(inviter: Person, email: string, role = 'standard_user'): Promise<Person> {
    await this.#product.invite(inviter, email, role);
    const token = tokenOf(await this.mail(email, 'invitation'));
    const names = { givenName: 'Bob', familyName: 'Ray' };
    const accepted = await this.#product.nobody.post('/v1/invitations/accept', { token, password, ...names });
    return { ...inviter, ...accepted, email, ...(await this.#product.signIn(email)) };
  }

  /** What the zone says of a domain's record; undefined: there is none. */
  async zone(domain: Json, record: { values: string[] } | { fault: string } | undefined): Promise<void> {
    const path = `/sandbox/dns/${domain.dnsRecord.host}/TXT`;
    if (record) await this.#product.nobody.put(path, record);
    else await this.#product.nobody.expecting([204], 'DELETE', path);
  }

  async addDomain(person: Person, domain: string): Promise<Json> {
    return person.call.post(person.path('/domains'), { domain, method: 'dns_txt' });
  }

  async verifiedDomain(person: Person, domain: string): Promise<Json> {
    const added = await this.addDomain(person, domain);
    await this.zone(added, { values: [added.dnsRecord.value] });
    const verified = await person.call.post(person.path(`/domains/${added.domainId}/verify`));
    if (verified.status !== 'verified')
      throw new Error(`${domain} is not verified: ${JSON.stringify(verified)}`);
    return { ...added, ...verified };
  }
}
