export { AccessTokens, noAccessTokens } from './access-tokens.ts';
export { type OidcOptions, ProviderUnavailable, providerTokens } from './provider-tokens.ts';
