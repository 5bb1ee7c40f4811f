export * from './bounded-proof.ts';
export * from './domain-name.ts';
export * from './email-address.ts';
export { skeleton } from './look-alikes.ts';
export * from './network-proof.ts';
export {
  type DomainProof,
  dnsRecord,
  type Observation,
  type ProofMethod,
  type ProofRequest,
  recordHost,
  verificationFile,
  verificationPath,
  verificationUrl,
  verificationValue,
} from './port.ts';
export * from './sandbox-proof.ts';
