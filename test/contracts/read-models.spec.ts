import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedDocuments } from '#read-models';
import { documentStoreContract } from './read-models.contract.ts';

documentStoreContract('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-documents-'));
  const open = () => openEmbeddedDocuments(join(folder, 'documents.db'), { durable: false, kind: 'docs' });
  let store = open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = open();
      return store;
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
