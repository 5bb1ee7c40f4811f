import { UnusableStore } from '#event-store';
import type { Checkpoint } from '#policies';
import { LIVE, type Progress } from '#read-models';
import type { Stores } from './stores.ts';

/**
 * A log that ends before what was made from it has lost its end or is an older copy: followers would wait for their
 * position and then skip what is written until there. @throws UnusableStore
 */
export const refuseOlderLog = async ({ events, readModels, work }: Stores): Promise<void> => {
  const head = await events.head();
  const shown = await readModels.collection<Progress>('progress').findOne({ _id: LIVE });
  const handled = await work.collection<Checkpoint>('policies').find({}).toArray();
  const seen = Math.max(shown?.position ?? 0, ...handled.map(({ position }) => position));
  if (seen > head)
    throw new UnusableStore(
      `the event log ends at position ${head}, but position ${seen} was read from it before: it has lost its end or is an older copy; restore all of it, or go on with it by removing read-models.db and work.db`,
    );
};
