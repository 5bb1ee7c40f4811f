/** Callers who wait until something is true; whoever may have made it true, or calls the waiting off, wakes them. */
export class Waiting {
  readonly #callers = new Set<() => void>();

  get size(): number {
    return this.#callers.size;
  }

  wake(): void {
    for (const look of [...this.#callers]) look();
  }

  /**
   * True as soon as the condition holds; false when the signal was aborted before, or after so many milliseconds of
   * machine time.
   */
  until(condition: () => boolean, signal: AbortSignal, milliseconds?: number): Promise<boolean> {
    return new Promise((resolve) => {
      const holds = condition();
      if (holds || signal.aborted) return resolve(holds);
      const end = (isSo: boolean) => {
        this.#callers.delete(look);
        clearTimeout(timer);
        resolve(isSo);
      };
      const look = () => {
        const isSo = condition();
        if (isSo || signal.aborted) end(isSo);
      };
      const timer =
        milliseconds === undefined ? undefined : setTimeout(() => end(condition()), milliseconds).unref();
      this.#callers.add(look);
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
