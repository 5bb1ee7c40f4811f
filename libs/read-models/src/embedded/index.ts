import type { DocumentStore } from '../port.ts';
import { EmbeddedDocuments } from './store.ts';

interface FileOptions {
  /** A write survives power loss. */
  readonly durable: boolean;
  /** Four letters in the file's header. */
  readonly kind: string;
  readonly secureDelete?: boolean;
}

/**
 * Opens or creates the file.
 * @throws UnusableFile
 */
export const openEmbeddedDocuments = (path: string, options: FileOptions): DocumentStore =>
  new EmbeddedDocuments(path, options);

/**
 * The same, written by a thread of its own.
 * @param died called when that thread ends by itself: a bug, after which nothing can be written.
 * @throws UnusableFile
 */
export const openThreadedDocuments = async (
  path: string,
  options: FileOptions,
  died: (error: Error) => void,
): Promise<DocumentStore> => {
  const { ThreadedDocuments } = await import('./threaded.ts');
  return ThreadedDocuments.open(path, options, died);
};
