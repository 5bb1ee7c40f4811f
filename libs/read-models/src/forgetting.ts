import type { AnyBulkWriteOperation } from 'mongodb';
import type { RecordedEvent } from '#kernel';
import { derivedOf, derivedOfPast } from './derived.ts';
import { collectionsOf, type PastVersion, type Version } from './fold.ts';
import type { DocumentStore, Documents, StoredDocument } from './port.ts';
import type { AnyProjection } from './projector.ts';

/** An event of the log by its position, as it can be read now. */
export type EventAt = (position: number) => Promise<RecordedEvent | undefined>;

/** The documents, current or past, in which personal data of somebody may stand. */
export const documentsAbout = async (
  { persons = [], immutable }: AnyProjection,
  build: string,
  person: string,
  documents: Documents,
): Promise<string[]> => {
  const { live, past } = collectionsOf(build);
  const keys = new Set<string>();
  for (const field of persons) {
    const about = { [field]: person } as never;
    for await (const { _id } of documents.collection<Version>(live).find(about)) keys.add(_id);
    if (immutable) continue;
    for await (const { _key } of documents.collection<PastVersion>(past).find(about)) keys.add(_key);
  }
  return [...keys];
};

/**
 * Tells every version of some documents anew from the events that made them, which no longer name whom they named:
 * the documents become what a rebuild from the start of the log would make of them.
 */
export const tellAnew = async (
  projection: AnyProjection,
  build: string,
  keys: readonly string[],
  documents: Documents,
  eventAt: EventAt,
): Promise<void> => {
  const names = collectionsOf(build);
  const live = await documents
    .collection<Version>(names.live)
    .find({ _id: { $in: keys } } as never)
    .toArray();
  const past = projection.immutable
    ? []
    : await documents
        .collection<PastVersion>(names.past)
        .find({ _key: { $in: keys } } as never)
        .toArray();
  const told: { live: Version[]; past: Version[] } = { live: [], past: [] };
  for (const history of Map.groupBy([...past, ...live] as PastVersion[], keyOf).values()) {
    let before: { readonly body: object; readonly to: number | undefined } | undefined;
    for (const version of history.sort((a, b) => a._from - b._from)) {
      const body = await bodyOf(projection, version, before, eventAt);
      before = { body, to: version._to };
      const { _id, _key, _from, _event, _to } = version;
      const derived = (_to === undefined ? derivedOf : derivedOfPast)(projection, body as Version);
      const anew = { ...body, ...derived, _id };
      if (_to === undefined) told.live.push({ ...anew, _from, _event });
      else told.past.push({ ...anew, _key, _from, _event, _to } as PastVersion);
    }
  }
  await put(documents, names.live, told.live);
  await put(documents, names.past, told.past);
};

const keyOf = ({ _key, _id }: PastVersion): string => _key ?? _id;

const bodyOf = async (
  projection: AnyProjection,
  version: PastVersion,
  before: { readonly body: object; readonly to: number | undefined } | undefined,
  eventAt: EventAt,
): Promise<object> => {
  const event = await eventAt(version._from);
  const reaction = event && projection.on[event.type];
  const follows = before?.to === version._from ? before.body : undefined;
  const body = event && reaction?.to(follows, event, keyOf(version));
  if (!body) throw new Error(`${keyOf(version)} of ${projection.name} cannot be told anew`);
  return body;
};

const put = async <T extends StoredDocument>(
  documents: Documents,
  collection: string,
  versions: readonly T[],
): Promise<void> => {
  if (versions.length === 0) return;
  const operations = versions.map(({ _id, ...replacement }) => ({
    replaceOne: { filter: { _id }, replacement },
  }));
  await documents.collection(collection).bulkWrite(operations as AnyBulkWriteOperation<StoredDocument>[]);
};

/** A build whose reducers are gone cannot tell anything anew: what it says of somebody goes until it is replaced. */
export const dropDocuments = async (
  build: string,
  keys: readonly string[],
  documents: Pick<DocumentStore, 'collection'>,
): Promise<void> => {
  const { live, past } = collectionsOf(build);
  await documents.collection<Version>(live).deleteMany({ _id: { $in: keys } } as never);
  await documents.collection<PastVersion>(past).deleteMany({ _key: { $in: keys } } as never);
};
