export { AddDomain, VerifyDomain } from './domain.commands.ts';
export { DOMAIN_PROOF } from './domain.handlers.ts';
export { type DomainEvent, domain } from './domain.ts';
export { DomainTokens } from './domain-tokens.ts';
export { domainsNoun } from './domains.module.ts';
export type { DomainView } from './domains.projection.ts';
export { VerifiedDomains } from './verified-domains.ts';
