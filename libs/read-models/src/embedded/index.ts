import type { DocumentStore } from '../port.ts';
import { EmbeddedDocuments } from './store.ts';

/**
 * Opens or creates the file.
 * @param options `kind`: four letters in the file's header. `durable`: a write survives power loss.
 * @throws UnusableFile
 */
export const openEmbeddedDocuments = (
  path: string,
  options: { readonly durable: boolean; readonly kind: string; readonly secureDelete?: boolean },
): DocumentStore => new EmbeddedDocuments(path, options);
