import { type Answer, type Json, Somebody } from './somebody.ts';

export const password = 'a long quiet river 9';

/** Somebody of the story, as the fixture keeps them: whoever opens it later signs in as them. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly accountId: string;
  token: string;
  /** Of an authenticator, when a second factor is on. */
  secret?: string;
}

/** What a scene knows of what has been played. */
export type Told = Pick<Scene, 'people' | 'noted' | 'keyed'>;

/** A command that carried an Idempotency-Key: whoever repeats it is answered the same, for ever. */
export interface Keyed {
  readonly by: string;
  readonly method: string;
  readonly path: string;
  readonly body: object;
  readonly key: string;
  readonly answer: Answer;
}

export const tokenIn = ({ links }: Json): string => new URL(links[0]).searchParams.get('token') ?? '';

/** A release with its people; `knows` says which routes it has, so that a story leaves out what it cannot play. */
export class Scene {
  readonly nobody: Somebody;
  readonly operator: Somebody;
  readonly people: Record<string, Person>;
  /** Ids, names and secrets that are asked for later. */
  readonly noted: Record<string, string>;
  readonly keyed: Keyed[];
  readonly #routes: ReadonlySet<string>;
  readonly #read = new Set<string>();

  private constructor(
    nobody: Somebody,
    operatorToken: string,
    routes: ReadonlySet<string>,
    { people, noted, keyed }: Told,
  ) {
    this.nobody = nobody;
    this.operator = nobody.as(operatorToken);
    this.#routes = routes;
    this.people = people;
    this.noted = noted;
    this.keyed = keyed;
  }

  static async over(
    url: string,
    operatorToken: string,
    told: Told = { people: {}, noted: {}, keyed: [] },
  ): Promise<Scene> {
    const nobody = new Somebody({ url });
    const { paths } = await nobody.get('/openapi.json');
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    return new Scene(nobody, operatorToken, new Set(routes), told);
  }

  knows(...routes: readonly string[]): boolean {
    return routes.every((route) => this.#routes.has(route));
  }

  person(name: string): Person {
    const person = this.people[name];
    if (!person) throw new Error(`nobody in the story is called ${name}`);
    return person;
  }

  as(name: string): Somebody {
    return this.nobody.as(this.person(name).token);
  }

  /** `/v1/organizations/{organizationId}` of somebody's and what follows. */
  home(name: string, rest = ''): string {
    return `/v1/organizations/${this.person(name).organizationId}${rest}`;
  }

  /** The newest mail of a kind whose link was not taken yet. */
  async mail(to: string, kind: string): Promise<string> {
    const isNew = (mail: Json): boolean => !this.#read.has(tokenIn(mail));
    const path = `/sandbox/mail?to=${encodeURIComponent(to)}&kind=${kind}`;
    const { items } = await this.nobody.until(path, (answer) => answer.items.some(isNew));
    const token = tokenIn(items.find(isNew));
    this.#read.add(token);
    return token;
  }

  async once(by: string, method: string, path: string, body: object): Promise<Json> {
    const key = `key ${this.keyed.length}`;
    const answer = await this.as(by).send(method, path, body, key);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}`);
    this.keyed.push({ by, method, path, body, key, answer });
    return answer.body;
  }

  async signIn(name: string): Promise<void> {
    const person = this.person(name);
    const { token } = await this.nobody.post('/v1/sessions', { email: person.email, password });
    person.token = token;
  }

  async signUp(name: string, email: string, organizationName: string): Promise<void> {
    const names = { givenName: called(name), familyName: 'Berg' };
    const receipt = await this.nobody.post('/v1/sign-ups', { email, password, organizationName, ...names });
    const token = await this.mail(email, 'email_verification');
    await this.nobody.post('/v1/email-verifications/complete', { token });
    this.people[name] = { ...only(receipt), name, email, token: '' };
    await this.signIn(name);
  }

  invite(by: string, email: string, role = 'standard_user'): Promise<Json> {
    return this.as(by).post(this.home(by, '/invitations'), { email, role });
  }

  async accept(name: string, email: string): Promise<void> {
    const token = await this.mail(email, 'invitation');
    const names = { givenName: called(name), familyName: 'Ray' };
    const { userId } = await this.nobody.post('/v1/invitations/accept', { token, password, ...names });
    this.people[name] = { name, email, userId, organizationId: '', accountId: '', token: '' };
    await this.signIn(name);
    const { organizationId } = await this.as(name).get('/v1/me');
    this.people[name] = { ...this.person(name), organizationId };
  }

  async join(by: string, name: string, email: string, role?: string): Promise<void> {
    await this.invite(by, email, role);
    await this.accept(name, email);
  }

  zone({ dnsRecord: { host, value } }: Json, isThere: boolean): Promise<Json> {
    const path = `/sandbox/dns/${host}/TXT`;
    return isThere ? this.nobody.put(path, { values: [value] }) : this.nobody.delete(path);
  }

  async prove(by: string, domain: string): Promise<Json> {
    const added = await this.as(by).post(this.home(by, '/domains'), { domain, method: 'dns_txt' });
    await this.zone(added, true);
    await this.as(by).post(this.home(by, `/domains/${added.domainId}/verify`));
    return added;
  }

  /** Sessions end while time passes. */
  async days(days: number): Promise<void> {
    await this.nobody.post('/sandbox/clock/advance', { milliseconds: days * 86_400_000 });
  }
}

const called = (name: string): string => `${name[0]?.toUpperCase()}${name.slice(1)}`;

const only = ({ userId, organizationId, accountId }: Json) => ({ userId, organizationId, accountId });
