/** Who asks while others are looked for is looked for together with all who ask meanwhile. */
export class OneLook<Found> {
  readonly #look: (ids: readonly string[]) => Promise<(id: string) => Found | Promise<Found>>;
  #next: Map<string, PromiseWithResolvers<Found>> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** @param look whom it answers with a promise keeps nobody else waiting */
  constructor(look: (ids: readonly string[]) => Promise<(id: string) => Found | Promise<Found>>) {
    this.#look = look;
  }

  of(id: string): Promise<Found> {
    this.#next ??= this.#begun();
    const asked = this.#next.get(id) ?? Promise.withResolvers<Found>();
    this.#next.set(id, asked);
    return asked.promise;
  }

  #begun(): Map<string, PromiseWithResolvers<Found>> {
    const asked = new Map<string, PromiseWithResolvers<Found>>();
    this.#last = this.#last.then(async () => {
      this.#next = undefined;
      try {
        const found = await this.#look([...asked.keys()]);
        for (const [id, { resolve }] of asked) resolve(found(id));
      } catch (error) {
        for (const { reject } of asked.values()) reject(error);
      }
    });
    return asked;
  }
}
