export { AddDomain, VerifyDomain } from './domain.commands.ts';
export type { DomainEvent } from './domain.events.ts';
export { domain } from './domain.ts';
export { DomainTokens } from './domain-tokens.ts';
export { domainsNoun } from './domains.module.ts';
export type { DomainView } from './domains.projection.ts';
export { DOMAIN_PROOF } from './proving.ts';
export { VerifiedDomains } from './verified-domains.ts';
