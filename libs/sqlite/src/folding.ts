import type { Worker } from 'node:worker_threads';
import { startThread } from './thread.ts';

/**
 * A thread that folds the write-ahead logs of open files into them, so that no commit has to: that takes some fifty
 * milliseconds for a full log. Without it commits do, later. Never of a file that is swept: a page that changes between
 * being read and being cleaned would be torn.
 */
export class Folding {
  readonly #thread: Worker;
  readonly #ended: Promise<unknown>;

  /** `died` is called when the thread ends although nobody has closed it. */
  constructor(paths: readonly string[], died: (error: Error) => void) {
    this.#thread = startThread('./folding-thread', import.meta.url, {
      name: 'folding',
      workerData: paths,
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
    });
    this.#thread.on('error', died);
    this.#ended = new Promise((resolve) => this.#thread.once('exit', resolve));
  }

  /** To be closed before the files are: the last one to close a file folds its log in and takes it away. */
  async close(): Promise<void> {
    this.#thread.postMessage('close');
    await this.#ended;
  }
}
