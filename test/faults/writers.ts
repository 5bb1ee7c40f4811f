import { expect } from '@jest/globals';
import { openEmbeddedEvents } from '#event-store';

/** What one writer has said: event ids, one array for each append. */
interface Told {
  readonly acknowledged: string[][];
  /** Begun and never answered. */
  readonly unknown: string[][];
}

/** The lines of `embedded-writer-process.ts`, and what they promise about the log. */
export class Writers {
  readonly #told = new Map<string, Told>();
  /** Appends that the store refused for now. */
  failures = 0;

  readonly listen = (line: string): void => {
    const [what, stream = '', list = ''] = line.split(' ');
    const ids = list.split(',');
    const writer = this.#told.get(stream) ?? { acknowledged: [], unknown: [] };
    this.#told.set(stream, writer);
    if (what === 'try') writer.unknown.push(ids);
    else if (what === 'failed') this.failures += 1;
    else {
      writer.unknown.pop();
      writer.acknowledged.push(ids);
    }
  };

  get count(): number {
    return this.#told.size;
  }

  get acknowledged(): number {
    return [...this.#told.values()].reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  }

  get unknown(): number {
    return [...this.#told.values()].reduce((sum, { unknown }) => sum + unknown.length, 0);
  }

  /** Every acknowledged append whole, once and in order; an unknown one whole or not at all. */
  async check(folder: string): Promise<void> {
    const store = openEmbeddedEvents(folder);
    const positions: number[] = [];
    const stored = new Map<string, string[]>();
    for await (const batch of store.readAll())
      for (const { stream, revision, position, id } of batch) {
        positions.push(position);
        const ids = stored.get(stream) ?? [];
        stored.set(stream, ids);
        ids[revision] = ids[revision] ? 'twice' : id;
      }
    expect(await store.head()).toBe(positions.at(-1));
    await store.close();
    expect(
      positions.every((position, index) => index === 0 || position > (positions[index - 1] as number)),
    ).toBe(true);
    expect([...stored.keys()].every((stream) => this.#told.has(stream))).toBe(true);
    for (const [stream, { acknowledged, unknown }] of this.#told) {
      const ids = stored.get(stream) ?? [];
      const begun = new Map(unknown.map((append) => [append[0], append]));
      const certain = acknowledged.values();
      let expected = certain.next().value;
      const whole: string[] = [];
      while (whole.length < ids.length) {
        const first = ids[whole.length];
        const isCertain = first === expected?.[0];
        const append: string[] = (isCertain ? expected : begun.get(first)) ?? [
          'neither acknowledged nor tried',
        ];
        whole.push(...append);
        if (isCertain) expected = certain.next().value;
        else begun.delete(first);
      }
      expect(ids).toEqual(whole);
      expect(expected).toBeUndefined();
    }
  }
}
