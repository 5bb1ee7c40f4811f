/** Port: tokens of an identity provider that the operator trusts. */
export abstract class AccessTokens {
  /**
   * The address that a valid token proves; undefined for every other token.
   * @throws ProviderUnavailable when nobody can say just now
   */
  abstract emailOf(token: string): Promise<string | undefined>;
}

export const noAccessTokens: AccessTokens = { emailOf: async () => undefined };
