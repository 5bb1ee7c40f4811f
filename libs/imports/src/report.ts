import { Injectable } from '@nestjs/common';
import { nextPiece } from '#clock';
import { csvOf } from '#csv';
import { ReadModels } from '#read-models';
import type { CandidateView } from './candidates.projection.ts';
import { firstPlace, type Place } from './import.ts';
import { Selection } from './selection.ts';

/** The columns, in the order in which they stand; a file with others is not this report (IMP-08). */
export const columns = [
  'userId',
  'email',
  'givenName',
  'familyName',
  'domain',
  'signedUpAt',
  'organizationId',
  'outlook',
] as const;

export const cellsOf = (person: CandidateView): string[] => [
  person.userId,
  person.email,
  person.givenName,
  person.familyName,
  person.domain,
  person.signedUpAt,
  person.organizationId ?? '',
  outlook(person),
];

/** What an import will try, as far as the person alone tells (IMP-10). */
export const outlook = ({ organizationId, role }: Pick<CandidateView, 'organizationId' | 'role'>): string => {
  if (organizationId === null) return 'joins';
  return role === 'owner' ? 'merges_their_organization' : 'member_of_other_organization';
};

/** What a report is about; the log is read as it was at that position, so that the file never changes. */
export interface ReportScope {
  readonly organizationId: string;
  readonly domains: readonly string[];
  readonly asOfPosition: number;
}

export interface ReportPage {
  readonly people: readonly CandidateView[];
  /** Where the next page begins. */
  readonly place: Place;
}

/** One selected row. */
export interface ChosenRow {
  readonly row: number;
  readonly person: CandidateView;
  /** Just behind it. */
  readonly place: Place;
}

const PAGE = 500;
/** Of those who are chosen: they are read beside what others ask for. */
const SMALL_PAGE = 64;
/** So many rows are written before others get a turn. */
const LINES = 250;

/** IMP-03: everybody with an address of the domains who is elsewhere or nowhere, read page by page. */
@Injectable()
export class ImportReport {
  readonly #readModels: ReadModels;

  constructor(readModels: ReadModels) {
    this.#readModels = readModels;
  }

  /** Domain by domain, in the order of signing up. @throws ReadModelBehind */
  async *pages(scope: ReportScope, from: Place = firstPlace, size = PAGE): AsyncGenerator<ReportPage> {
    const { organizationId, domains, asOfPosition } = scope;
    await this.#readModels.reach(asOfPosition, ['import-candidates']);
    for (let { domain, after } = from; domain < domains.length; domain += 1, after = null)
      for (;;) {
        const page = await this.#readModels.list<CandidateView>('import-candidates', {
          where: { domain: domains[domain], status: 'active', organizationId: { not: organizationId } },
          sort: { field: 'signedUpAt', direction: 1 },
          limit: size,
          after: after ?? undefined,
          asOf: asOfPosition,
          totals: false,
        });
        const last = page.items.at(-1);
        if (last) after = [last.signedUpAt, last.userId];
        const place = page.next ? { domain, after } : { domain: domain + 1, after: null };
        if (last) yield { people: page.items, place };
        if (!page.next) break;
      }
  }

  /** What was selected, from a row on; `place` is where that row stands. */
  async *chosen(
    scope: ReportScope & { readonly selection: string | null },
    from = 0,
    place = firstPlace,
  ): AsyncGenerator<ChosenRow> {
    const selection = Selection.read(scope.selection);
    let row = from;
    for await (const { people } of this.pages(scope, place, SMALL_PAGE)) {
      for (const person of people) {
        const domain = scope.domains.indexOf(person.domain);
        const behind: Place = { domain, after: [person.signedUpAt, person.userId] };
        if (selection.has(row)) yield { row, person, place: behind };
        row += 1;
      }
      // Whoever takes none of them has not waited for anything.
      await nextPiece();
    }
  }

  /** The file, in pieces. */
  async *csv(scope: ReportScope, onRows: (rows: number) => Promise<void> | void = () => {}) {
    yield csvOf([columns]);
    let rows = 0;
    for await (const { people } of this.pages(scope)) {
      for (let start = 0; start < people.length; start += LINES)
        yield csvOf(people.slice(start, start + LINES).map(cellsOf));
      rows += people.length;
      await onRows(rows);
    }
  }
}
