import { OrgledgerCommand } from '#commands';

/** The product's own: a merge has begun, or has not come to its end yet. */
export class ContinueMerge extends OrgledgerCommand {
  mergeId!: string;
}
