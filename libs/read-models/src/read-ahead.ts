import type { RecordedEvent } from '#kernel';

/** While much is to be read, the next batch is read while one is written. */
export async function* readAhead(
  batches: AsyncIterable<readonly RecordedEvent[]>,
  much: number,
): AsyncGenerator<readonly RecordedEvent[]> {
  const reading = batches[Symbol.asyncIterator]();
  let next = reading.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      const ahead = value.length >= much ? reading.next() : undefined;
      ahead?.catch(() => undefined);
      yield value;
      next = ahead ?? reading.next();
    }
  } finally {
    reading.return?.().catch(() => undefined);
  }
}
