/**
 * Works on so many at once and yields what came of them in the order in which they came. Whoever stops, or fails, waits
 * for what is under way.
 */
export async function* inOrder<One, Result>(
  source: AsyncIterable<One>,
  atOnce: number,
  work: (one: One) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const underWay: Promise<Result>[] = [];
  try {
    for await (const one of source) {
      const begun = work(one);
      // Its failure is told when its turn comes.
      begun.catch(() => undefined);
      underWay.push(begun);
      if (underWay.length === atOnce) yield await (underWay.shift() as Promise<Result>);
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<Result>);
  } finally {
    await Promise.allSettled(underWay);
  }
}
