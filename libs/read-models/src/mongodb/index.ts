import type { DocumentStore } from '../port.ts';

/**
 * Connects to a MongoDB server or replica set. The driver is loaded here and not before.
 * @param options `prefix`: put before the name of every collection.
 * @throws StorageFailure when the server does not answer within 3 s.
 */
export const openMongoDocuments = async (
  url: string,
  options: { readonly prefix?: string } = {},
): Promise<DocumentStore> => {
  const { MongoDocuments } = await import('./store.ts');
  return MongoDocuments.open(url, options.prefix ?? '');
};
