import { nextPiece } from '#clock';
import type { RecordedEvent } from '#kernel';

/** While much is to be read, the next batch is read while one is written: it begins when that one is waited for. */
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
      const ahead = value.length >= much ? nextPiece().then(() => reading.next()) : undefined;
      ahead?.catch(() => undefined);
      yield value;
      next = ahead ?? reading.next();
    }
  } finally {
    reading.return?.().catch(() => undefined);
  }
}
