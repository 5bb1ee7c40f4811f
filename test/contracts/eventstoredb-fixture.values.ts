/** A position as it came; it becomes a rank among all positions of its case once the case is over. */
export class Position {
  readonly commit: bigint;
  readonly label: '$position' | '$commit';
  constructor(commit: bigint, label: '$position' | '$commit') {
    this.commit = commit;
    this.label = label;
  }
}

/** Names and ids of one case, as the records call them. */
export interface Names {
  readonly streams: ReadonlyMap<string, string>;
  readonly ids: ReadonlyMap<string, string>;
}

const TRAILERS = ['exception', 'stream-name', 'expected-version', 'actual-version', 'maximum-append-size'];
const COMMIT_FIELDS = new Set(['commitPosition', 'metastreamRevision']);
const ERROR_FIELDS = ['streamName', 'expectedVersion', 'actualVersion', 'maxAppendSize', 'errorMessage'];

/** Writes a value of the client in the notation of the records. */
export const notated = (value: unknown, names: Names, field = ''): unknown => {
  if (value === undefined) return { $undefined: true };
  if (typeof value === 'bigint')
    return COMMIT_FIELDS.has(field) ? new Position(value, '$commit') : { $bigint: String(value) };
  if (typeof value === 'string') return named(value, names, field);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return { $date: 'ISO' };
  if (value instanceof Uint8Array) return { $uint8array: Buffer.from(value).toString('latin1') };
  if (Array.isArray(value)) return value.map((item) => notated(item, names, field));
  if ('commit' in value && 'prepare' in value) {
    if (value.commit !== value.prepare) throw new Error('commit and prepare differ');
    return new Position(value.commit as bigint, '$position');
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, notated(item, names, key)]));
};

const named = (text: string, { streams, ids }: Names, field: string): string => {
  if (field === 'id') for (const [label, id] of ids) if (id === text) return `id:${label}`;
  let result = text;
  for (const [label, stream] of streams) result = result.replaceAll(stream, `<${label}>`);
  return result
    .replace(/ECONNREFUSED 127\.0\.0\.1:\d+/, 'ECONNREFUSED <host:port>')
    .replace(
      /Error: [^.]*wrong version number.*\. Resolution/s,
      'Error: <SSL wrong version number>. Resolution',
    );
};

/** Every field of an error that a caller could decide by. */
export const notatedError = (thrown: unknown, names: Names): unknown => {
  const error = thrown as Error & Record<string, unknown>;
  const fields: Record<string, unknown> = { $error: error.constructor.name };
  if ('type' in error) fields.type = error.type;
  fields.code = notated(error.code, names);
  fields.message = notated(error.message, names);
  for (const field of ERROR_FIELDS) if (field in error) fields[field] = notated(error[field], names);
  if ('_raw' in error && (error._raw === null || error._raw === undefined))
    fields._raw = notated(error._raw, names);
  const raw = error._raw as { metadata?: { getMap(): Record<string, unknown> } } | null | undefined;
  const trailers = Object.entries(raw?.metadata?.getMap() ?? {}).filter(([key]) => TRAILERS.includes(key));
  if (trailers.length > 0) fields.rawMetadata = notated(Object.fromEntries(trailers), names);
  return fields;
};

/** Positions become p0, p1, … in their order; equal ones get the same rank. */
export const ranked = (outcomes: readonly unknown[]): unknown[] => {
  const seen = new Set<bigint>();
  const collect = (value: unknown): void => {
    if (value instanceof Position) seen.add(value.commit);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(collect);
  };
  outcomes.forEach(collect);
  const order = [...seen].sort((a, b) => (a < b ? -1 : 1));
  const replace = (value: unknown): unknown => {
    if (value instanceof Position) return { [value.label]: `p${order.indexOf(value.commit)}` };
    if (Array.isArray(value)) return value.map(replace);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item)]));
  };
  return outcomes.map(replace);
};
