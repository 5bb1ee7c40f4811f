import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'undici';
import { Claims } from '#claims';
import { Execution } from '#commands';
import { Credentials, Passwords, Sessions } from '#sign-in';
import { backends, type Person, Product, password, until } from '../support/product.ts';

const [embedded] = backends;

describe('known and unknown people', () => {
  let product: Product;
  let anna: Person;
  let unknown: string;

  beforeAll(async () => {
    if (!embedded) throw new Error('no backend');
    product = await Product.start(embedded, { rateLimits: true });
    anna = await product.signUp(`anna@${product.domain('corporate')}`);
    unknown = `nobody@${product.domain('corporate')}`;
  });
  afterAll(() => product.stop());

  /** What is read, hashed and written before a request is answered, in order. */
  const workOf = async (request: () => Promise<unknown>): Promise<string[]> => {
    const { app } = product.serving;
    const work: string[] = [];
    const spies = [
      [app.get(Claims), 'holder'],
      [app.get(Execution), 'load'],
      [app.get(Execution), 'run'],
      [app.get(Sessions), 'epoch'],
      [app.get(Credentials), 'find'],
      [app.get(Passwords), 'verify'],
    ].map(([part, method]) => {
      const service = part as unknown as Record<string, (...given: unknown[]) => unknown>;
      const original = service[method as string]!.bind(service);
      return jest.spyOn(service, method as string).mockImplementation((...given) => {
        work.push(method as string);
        return original(...given);
      });
    });
    await request();
    const seen = [...work];
    for (const spy of spies) spy.mockRestore();
    return seen;
  };

  it('P9: a wrong password and an unknown address cost the same reads and the same hashing', async () => {
    const signIn = (email: string) =>
      workOf(() =>
        product.nobody.refused(401, 'sign_in_failed', 'POST', '/v1/sessions', {
          body: { email, password: 'not this one at all' },
        }),
      );
    const known = await signIn(anna.email);
    expect(known).toEqual(['holder', 'load', 'load', 'epoch', 'find', 'verify']);
    for (const email of [unknown, 'no..address@x', anna.email.toUpperCase()])
      expect([email, await signIn(email)]).toEqual([email, known]);
  });

  it('P9: a reset that is asked for costs the same whoever is asked for; the rest comes after the answer', async () => {
    const ask = (email: string) =>
      workOf(() => product.nobody.expecting([202], 'POST', '/v1/password-resets', { email }));
    expect(await ask(unknown)).toEqual(['holder', 'load', 'load']);
    expect((await ask(anna.email)).slice(0, 3)).toEqual(['holder', 'load', 'load']);
    const mails = () => product.smtp.messages.filter(({ to }) => to === anna.email);
    await until(
      async () => mails().length,
      (count) => count === 2, // the verification, and this
    );
    expect(product.smtp.messages.some(({ to }) => to === unknown)).toBe(false);
  });

  it('P14: guesses over many people from many addresses end at the bounds, and everybody else signs in', async () => {
    const others = await Promise.all(
      ['bob', 'carl', 'dora'].map((name) => product.signUp(`${name}@${product.domain(name)}`)),
    );
    const agents = ['127.0.3.1', '127.0.3.2', '127.0.3.3'].map((localAddress) => new Agent({ localAddress }));
    let judged = 0;
    for (const agent of agents)
      for (const { email } of others)
        for (let count = 0; count < 15; count++) {
          const reply = await product.nobody
            .through(agent)
            .send('POST', '/v1/sessions', { body: { email, password: 'not this one at all' } });
          if (reply.status === 401) judged++;
          else expect(reply.status).toBe(429);
        }
    expect(judged).toBe(agents.length * others.length * 10);
    for (const { email } of [anna, ...others]) await product.signIn(email, password);
    await Promise.all(agents.map((agent) => agent.close()));
  });
});
