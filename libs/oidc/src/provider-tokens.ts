import type { createRemoteJWKSet, JWTPayload } from 'jose';
import type { Clock } from '#clock';
import type { AccessTokens } from './access-tokens.ts';

export interface OidcOptions {
  readonly issuer: string;
  /** What tokens must be made for. */
  readonly audience: string;
  /** Milliseconds between two looks for keys that are not known yet. Default 5,000. */
  readonly cooldown?: number;
}

/** The provider's keys cannot be read; a caller may try again. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}

/** Signatures by keys that only the provider has; never `none`, never a secret that is shared (RFC 8725, 3.1). */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const types = new Set(['at+jwt', 'application/at+jwt', 'jwt']);
const patience = 3_000;
const keysLast = 600_000;

type Keys = ReturnType<typeof createRemoteJWKSet>;

/** Access tokens as JWT (RFC 9068), their keys found by discovery, cached, and read again when one is not known. */
export const providerTokens = (
  { issuer, audience, cooldown = 5_000 }: OidcOptions,
  clock: Clock,
): AccessTokens => {
  let keys: Promise<Keys> | undefined;
  const known = (): Promise<Keys> => {
    keys ??= discovered(issuer, cooldown).catch((error) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };
  return {
    async emailOf(token) {
      const { jwtVerify } = await import('jose');
      const by = await known();
      try {
        const { payload, protectedHeader } = await jwtVerify(token, by, {
          issuer,
          audience,
          algorithms,
          currentDate: new Date(clock.now()),
          requiredClaims: ['exp', 'sub'],
        });
        return types.has((protectedHeader.typ ?? 'jwt').toLowerCase()) ? provedAddress(payload) : undefined;
      } catch (error) {
        if (await isAboutTheToken(error)) return undefined;
        throw new ProviderUnavailable('the keys of the identity provider cannot be read', { cause: error });
      }
    },
  };
};

const provedAddress = ({ email, email_verified: verified }: JWTPayload): string | undefined =>
  typeof email === 'string' && verified === true ? email : undefined;

/** Everything else is about the way to the provider. */
const isAboutTheToken = async (error: unknown): Promise<boolean> => {
  const { errors } = await import('jose');
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
};

const discovered = async (issuer: string, cooldownDuration: number): Promise<Keys> => {
  try {
    const { createRemoteJWKSet } = await import('jose');
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(patience) });
    const said = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (said.issuer !== issuer || typeof said.jwks_uri !== 'string')
      throw new Error('it says that it is somebody else, or where no keys are');
    return createRemoteJWKSet(new URL(said.jwks_uri), {
      timeoutDuration: patience,
      cacheMaxAge: keysLast,
      cooldownDuration,
    });
  } catch (error) {
    throw new ProviderUnavailable('the identity provider cannot be discovered', { cause: error });
  }
};
