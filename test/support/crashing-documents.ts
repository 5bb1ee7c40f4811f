import type { Collection, DocumentStore, Documents, StoredDocument } from '#read-models';

/** The process that would have made this write is gone. */
export class Crashed extends Error {
  override readonly name = 'Crashed';
}

/**
 * A store without transactions, as a standalone MongoDB is: writes go one by one. With `survives`, the write after so
 * many fails, also in the middle of a bulk, and nothing works any more: the process has died there.
 */
export const withoutTransactions = (store: DocumentStore, survives = Number.POSITIVE_INFINITY) => {
  let writes = 0;
  const alive = () => {
    if (writes > survives) throw new Crashed(`the process died at write ${survives + 1}`);
  };
  const write = () => {
    writes += 1;
    alive();
  };
  const collection = <T extends StoredDocument>(name: string): Collection<T> => {
    const inner = store.collection<T>(name);
    return new Proxy(inner, {
      get(target, property: keyof Collection<T>) {
        if (property === 'bulkWrite')
          return async (operations: Parameters<Collection<T>['bulkWrite']>[0]) => {
            for (const operation of operations) {
              write();
              await target.bulkWrite([operation]);
            }
          };
        return (...parameters: unknown[]) => {
          if (['find', 'findOne', 'countDocuments'].includes(property)) alive();
          else write();
          return (target[property] as (...given: unknown[]) => unknown).apply(target, parameters);
        };
      },
    });
  };
  const documents: Documents = { collection };
  const crashing: DocumentStore = {
    collection,
    transactional: false,
    transaction: async (work) => {
      alive();
      return work(documents);
    },
    ensureIndexes: async (name, indexes) => {
      alive();
      await store.ensureIndexes(name, indexes);
    },
    drop: async (name) => {
      write();
      await store.drop(name);
    },
    names: () => store.names(),
    scrub: () => store.scrub(),
    health: () => store.health(),
    close: async () => undefined,
  };
  return { store: crashing, writes: () => writes };
};
