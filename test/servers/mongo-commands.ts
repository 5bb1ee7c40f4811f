import { Collection, CommandError, changed, fromFilter, keyOf } from './mongo-collection.ts';
import { Database, Sessions, type View } from './mongo-sessions.ts';
import type { Document } from './mongo-wire.ts';

export const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'commitTransaction']);

/** One database; the name that a client gives it is not looked at. */
export class Commands {
  readonly #database = new Database();
  readonly #sessions = new Sessions(this.#database);
  readonly #cursors = new Map<number, { readonly ns: string; rest: Document[] }>();
  readonly #hello: () => Document;
  #lastCursor = 0;

  constructor(hello: () => Document) {
    this.#hello = hello;
  }

  run(command: Document): Document {
    const name = Object.keys(command)[0] ?? '';
    try {
      return this.#run(name, command);
    } catch (error) {
      if (command.autocommit === false && name !== 'commitTransaction') this.#sessions.abort(command);
      if (error instanceof CommandError) return failure(error.code, error.message, error.labels);
      return failure(2, `mingo: ${(error as Error).message}`);
    }
  }

  #run(name: string, command: Document): Document {
    switch (name) {
      case 'hello':
      case 'ismaster':
      case 'isMaster':
        return { ...this.#hello(), ok: 1 };
      case 'ping':
      case 'endSessions':
        return { ok: 1 };
      case 'buildInfo':
        return { version: '8.0.0', versionArray: [8, 0, 0, 0], maxBsonObjectSize: 16_777_216, ok: 1 };
      case 'find':
      case 'aggregate':
        return this.#query(name, command);
      case 'getMore':
        return this.#getMore(command);
      case 'killCursors':
        for (const id of command.cursors as unknown[]) this.#cursors.delete(Number(id));
        return { ok: 1 };
      case 'insert':
      case 'update':
      case 'delete':
        return this.#write(name, command);
      case 'commitTransaction':
        this.#sessions.commit(command);
        return { ok: 1 };
      case 'abortTransaction':
        this.#sessions.abort(command);
        return { ok: 1 };
      default:
        return this.#define(name, command);
    }
  }

  #define(name: string, command: Document): Document {
    const collection = String(command[name]);
    const { collections } = this.#database;
    switch (name) {
      case 'create':
        if (collections.has(collection)) throw new CommandError(48, `${collection} exists`);
        collections.set(collection, new Collection());
        return { ok: 1 };
      case 'createIndexes':
        for (const index of command.indexes as Document[])
          this.#database.write(collection).addIndex({
            name: String(index.name),
            key: index.key as Document,
            unique: index.unique === true,
          });
        return { ok: 1 };
      case 'listIndexes': {
        const found = collections.get(collection);
        if (!found) throw new CommandError(26, `${collection} does not exist`);
        const own = found.indexes.map((index) => ({ v: 2, ...index, unique: index.unique || undefined }));
        return this.#cursor(command, collection, [{ v: 2, key: { _id: 1 }, name: '_id_' }, ...own]);
      }
      case 'listCollections': {
        const all = new Collection();
        for (const each of collections.keys()) all.put({ _id: each, name: each, type: 'collection' });
        const found = all.find((command.filter as Document) ?? {});
        return this.#cursor(command, '$cmd.listCollections', found);
      }
      case 'drop':
        if (!collections.delete(collection)) throw new CommandError(26, `${collection} does not exist`);
        return { ok: 1 };
      case 'dropDatabase':
        collections.clear();
        return { ok: 1 };
      default:
        throw new CommandError(59, `no such command: ${name}`);
    }
  }

  #query(name: string, command: Document): Document {
    const collection = String(command[name]);
    const found = this.#sessions.view(command).read(collection);
    const documents =
      name === 'find' ? select(found, command) : aggregate(found, command.pipeline as Document[]);
    return this.#cursor(command, collection, documents);
  }

  #cursor(command: Document, collection: string, documents: Document[]): Document {
    const wanted = command.batchSize ?? (command.cursor as Document | undefined)?.batchSize ?? 101;
    const size = command.singleBatch === true ? documents.length : Number(wanted);
    const ns = `${command.$db}.${collection}`;
    const id = documents.length > size ? ++this.#lastCursor : 0;
    if (id > 0) this.#cursors.set(id, { ns, rest: documents.slice(size) });
    return { cursor: { id: BigInt(id), ns, firstBatch: documents.slice(0, size) }, ok: 1 };
  }

  #getMore({ getMore, batchSize }: Document): Document {
    const id = Number(getMore);
    const cursor = this.#cursors.get(id);
    if (!cursor) throw new CommandError(43, `cursor ${id} not found`);
    const nextBatch = cursor.rest.splice(0, Number(batchSize ?? 1_000));
    if (cursor.rest.length === 0) this.#cursors.delete(id);
    return { cursor: { id: BigInt(cursor.rest.length === 0 ? 0 : id), ns: cursor.ns, nextBatch }, ok: 1 };
  }

  #write(name: 'insert' | 'update' | 'delete', command: Document): Document {
    const repeated = this.#sessions.repeated(command);
    if (repeated) return repeated;
    const view = this.#sessions.view(command);
    const written = new Written(view, String(command[name]));
    const items = command[{ insert: 'documents', update: 'updates', delete: 'deletes' }[name]] as Document[];
    const writeErrors: Document[] = [];
    for (const [index, item] of items.entries()) {
      try {
        written[name](item, index);
      } catch (error) {
        if (!(error instanceof CommandError) || error.labels.length > 0) throw error;
        writeErrors.push({ index, code: error.code, errmsg: error.message });
        if (command.ordered !== false) break;
      }
    }
    if (writeErrors.length > 0 && command.autocommit === false) this.#sessions.abort(command);
    const answer: Document = {
      n: written.n,
      ...(name === 'update' ? { nModified: written.modified } : {}),
      ...(written.upserted.length > 0 ? { upserted: written.upserted } : {}),
      ...(writeErrors.length > 0 ? { writeErrors } : {}),
      ok: 1,
    };
    this.#sessions.remember(command, answer);
    return answer;
  }
}

/** The writes of one command on one collection. */
class Written {
  readonly #view: View;
  readonly #name: string;
  readonly upserted: Document[] = [];
  n = 0;
  modified = 0;

  constructor(view: View, name: string) {
    this.#view = view;
    this.#name = name;
  }

  insert(document: Document): void {
    this.#view.write(this.#name).put(document);
    this.#view.wrote(this.#name, document._id, undefined);
    this.n++;
  }

  update({ q, u, multi, upsert }: Document, index: number): void {
    const collection = this.#view.write(this.#name);
    const first = multi === true ? undefined : collection.first(q as Document);
    const found = multi === true ? collection.find(q as Document) : first ? [first] : [];
    for (const document of found) {
      const next = changed(document, u as Document, false);
      this.n++;
      if (JSON.stringify(next) === JSON.stringify(document)) continue;
      collection.put(next, document);
      this.#view.wrote(this.#name, document._id, document);
      this.modified++;
    }
    if (found.length > 0 || upsert !== true) return;
    const document = changed(fromFilter(q as Document), u as Document, true);
    this.insert(document);
    this.upserted.push({ index, _id: document._id });
  }

  delete({ q, limit }: Document): void {
    const collection = this.#view.write(this.#name);
    const first = limit === 1 ? collection.first(q as Document) : undefined;
    for (const document of limit === 1 ? (first ? [first] : []) : collection.find(q as Document)) {
      collection.documents.delete(keyOf(document._id));
      this.#view.wrote(this.#name, document._id, document);
      this.n++;
    }
  }
}

const select = (collection: Collection | undefined, command: Document): Document[] => {
  const found = collection?.find((command.filter as Document) ?? {}, command.sort as Document) ?? [];
  const skip = Number(command.skip ?? 0);
  const limit = Math.abs(Number(command.limit ?? 0));
  return found.slice(skip, limit === 0 ? undefined : skip + limit);
};

const aggregate = (collection: Collection | undefined, pipeline: readonly Document[]): Document[] => {
  let documents = collection?.find({}) ?? [];
  for (const stage of pipeline) {
    const [name, value] = Object.entries(stage)[0] ?? [];
    if (name === '$match') documents = new Collection(keyed(documents)).find(value as Document);
    else if (name === '$skip') documents = documents.slice(Number(value));
    else if (name === '$limit') documents = documents.slice(0, Number(value));
    else if (name === '$group') documents = counted(documents, value as Document);
    else throw new CommandError(40_324, `unrecognized pipeline stage ${name}`);
  }
  return documents;
};

const keyed = (documents: readonly Document[]): Map<string, Document> =>
  new Map(documents.map((document) => [keyOf(document._id), document]));

/** `countDocuments` groups everything and sums ones; nothing else is understood. */
const counted = (documents: readonly Document[], group: Document): Document[] => {
  if (JSON.stringify(group) !== '{"_id":1,"n":{"$sum":1}}')
    throw new CommandError(15_952, 'the stand-in groups for counting only');
  return documents.length === 0 ? [] : [{ _id: 1, n: documents.length }];
};

export const failure = (code: number, errmsg: string, errorLabels: readonly string[] = []): Document => ({
  ok: 0,
  errmsg,
  code,
  codeName: `Code${code}`,
  ...(errorLabels.length > 0 ? { errorLabels } : {}),
});
