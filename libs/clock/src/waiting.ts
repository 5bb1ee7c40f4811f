/** Callers who wait until something is true; whoever may have made it true wakes them. */
export class Waiting {
  readonly #callers = new Set<() => void>();

  get size(): number {
    return this.#callers.size;
  }

  wake(): void {
    for (const resume of [...this.#callers]) resume();
  }

  /** True as soon as the condition holds, false when the signal is aborted before. */
  async until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    while (!condition() && !signal.aborted) await this.#woken(signal);
    return condition();
  }

  #woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        this.#callers.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.#callers.add(resume);
      signal.addEventListener('abort', resume);
    });
  }
}

/** Resolves after so many milliseconds of machine time, or at once when the signal is aborted. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (milliseconds < 1 || signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
