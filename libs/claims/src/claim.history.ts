import type { Catalogue } from '#kernel';
import type { ClaimEvent } from './claim.ts';

export const claimHistory: Catalogue<ClaimEvent['type']> = {
  ClaimReserved: { summary: 'A unique value was reserved.', technical: true },
  ClaimReleased: { summary: 'A unique value was released.', technical: true },
};
