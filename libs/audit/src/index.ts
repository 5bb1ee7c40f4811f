import type { Noun } from '#commands';
import type { Catalogue } from '#kernel';
import { AuditController } from './audit.http.ts';
import { auditHistory } from './audit.projection.ts';
import { auditQueries } from './audit.queries.ts';

export { auditEvents } from './audit.answers.ts';
export type { AuditView } from './audit.projection.ts';
export { auditItem } from './audit.queries.ts';

/** The history of everything that the other nouns write. */
export const auditNoun = (catalogue: Catalogue): Noun => ({
  name: 'audit',
  controllers: [AuditController],
  providers: auditQueries,
  projections: [auditHistory(catalogue)],
});
