import type { Noun } from '#commands';
import { claimHistory } from './claim.history.ts';
import { Claims } from './claims.ts';

export type { Claim, ClaimEvent } from './claim.ts';
export { type ClaimName, Claims, type Holder } from './claims.ts';

export const claimsNoun: Noun = { name: 'claims', catalogue: claimHistory, providers: [Claims] };
