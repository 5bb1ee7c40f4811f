import { SetMetadata } from '@nestjs/common';

/** Metadata key that the authentication guard reads. */
export const publicRoute = 'orgledger:public';

/** Answers without authentication. */
export const Public = () => SetMetadata(publicRoute, true);
