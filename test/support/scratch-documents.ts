import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocumentStore } from '#read-models';
import { openEmbeddedDocuments } from '../../libs/read-models/src/embedded/index.ts';

export interface Scratch {
  readonly store: DocumentStore;
  readonly path: string;
  close(): Promise<void>;
}

/** An embedded document store in a folder of its own, removed on `close`. */
export const scratchDocuments = async (
  indexes: Readonly<Record<string, Parameters<DocumentStore['ensureIndexes']>[1]>> = {},
): Promise<Scratch> => {
  const folder = await mkdtemp(join(tmpdir(), 'orgledger-documents-'));
  const path = join(folder, 'documents.db');
  const store: DocumentStore = await openEmbeddedDocuments(path, { durable: false, kind: 'test' });
  for (const [collection, specs] of Object.entries(indexes)) await store.ensureIndexes(collection, specs);
  return {
    store,
    path,
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
