import type { AllStreamResolvedEvent } from '@eventstore/db-client';
import type { Connection } from './connection.ts';
import { isOurs, positionOf } from './recorded.ts';

const LARGEST_PAGE = 512;

/** The newest event of ours. What the server writes for itself is looked at once. */
export class Tail {
  readonly #connection: Connection;
  readonly #timeout: number;
  #newest = 0;
  #scannedTo = 0;

  constructor(connection: Connection, timeout: number) {
    this.#connection = connection;
    this.#timeout = timeout;
  }

  /** Position of the newest event; 0 when there is none. */
  async newest(): Promise<number> {
    const scannedTo = this.#scannedTo;
    let from: AllStreamResolvedEvent | undefined;
    let end = 0;
    for (let size = 1; ; size = Math.min(size * 8, LARGEST_PAGE)) {
      const page = await this.#page(from, size);
      end ||= page[0] ? positionOf(page[0]) : 0;
      const ours = page.find(isOurs);
      from = page.at(-1);
      const oldest = from ? positionOf(from) : 0;
      if (!ours && page.length === size && oldest > scannedTo) continue;
      this.#newest = Math.max(this.#newest, ours ? positionOf(ours) : 0);
      this.#scannedTo = Math.max(this.#scannedTo, end);
      return this.#newest;
    }
  }

  #page(from: AllStreamResolvedEvent | undefined, maxCount: number): Promise<AllStreamResolvedEvent[]> {
    const { BACKWARDS, END } = this.#connection.module;
    return this.#connection.collect(this.#timeout, (client) =>
      client.readAll({
        ...this.#connection.options,
        direction: BACKWARDS,
        fromPosition: from?.event?.position ?? END,
        maxCount,
      }),
    );
  }
}
