import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type JWK } from 'oidc-provider';

export interface OidcIssuer {
  readonly issuer: string;
  /** An access token for `audience` with these claims. */
  token(claims: object, options?: { readonly audience?: string }): Promise<string>;
  /** The same issuer with another key; tokens of before are still well-formed. */
  rotate(): void;
  /** Answers 500 to everything until called again with false. */
  fail(fails: boolean): void;
  /** Requests for its keys. */
  readonly keyReads: () => number;
  close(): Promise<void>;
}

const newKey = (kid: string): JWK =>
  ({
    ...generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: 'RS256',
  }) as JWK;

/** Keeps nothing: these tokens are looked up nowhere. */
class Nowhere {
  upsert = async (): Promise<void> => {};
  find = async (): Promise<undefined> => undefined;
  findByUid = async (): Promise<undefined> => undefined;
  findByUserCode = async (): Promise<undefined> => undefined;
  consume = async (): Promise<void> => {};
  destroy = async (): Promise<void> => {};
  revokeByGrantId = async (): Promise<void> => {};
}

const client = { client_id: 'machine', client_secret: 'a secret of the tests' };

/** A real OpenID provider on this machine that gives a machine the tokens which a test asks for. */
export const startOidcIssuer = async (audience: string): Promise<OidcIssuer> => {
  let claims: object = {};
  let handle: ReturnType<Provider['callback']> | undefined;
  let [generation, reads] = [0, 0];
  let failing = false;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/jwks')) reads++;
    if (failing) response.writeHead(500).end();
    else handle?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotate = (): void => {
    const provider = new Provider(issuer, {
      clients: [{ ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
      adapter: Nowhere,
      ttl: { ClientCredentials: 600 },
      jwks: { keys: [newKey(`key-${++generation}`)] },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => audience,
          getResourceServerInfo: (_context, resource) => ({
            scope: '',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
      extraTokenClaims: () => ({ ...claims }),
    });
    handle = provider.callback();
  };
  rotate();
  return {
    issuer,
    rotate,
    fail: (fails) => {
      failing = fails;
    },
    keyReads: () => reads,
    async token(wanted, { audience: resource = audience } = {}) {
      claims = wanted;
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${client.client_id}:${encodeURIComponent(client.client_secret)}`).toString('base64')}`,
        },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
      });
      const { access_token: token } = (await answer.json()) as { access_token?: string };
      if (!token) throw new Error(`the issuer gave no token: ${answer.status}`);
      return token;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
