import { SetMetadata } from '@nestjs/common';

/** Metadata keys that the authentication guard reads. */
export const publicRoute = 'orgledger:public';
export const unverifiedRoute = 'orgledger:allow-unverified';

/** Answers without authentication. */
export const Public = () => SetMetadata(publicRoute, true);

/** Answers a person whose address is not verified yet (api.md, sign-up). */
export const AllowUnverified = () => SetMetadata(unverifiedRoute, true);
