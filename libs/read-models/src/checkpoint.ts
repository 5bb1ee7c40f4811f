import type { Documents, StoredDocument } from './port.ts';

/** How far the served read models are. */
export interface Progress extends StoredDocument {
  readonly position: number;
}

export const LIVE = 'live';

export const progressOf = async (documents: Documents): Promise<number> =>
  (await documents.collection<Progress>('progress').findOne({ _id: LIVE }))?.position ?? 0;

/**
 * Compare and set: a second worker that has moved the checkpoint wins, and this batch is not written. What is no
 * longer as it was read is inserted a second time and refused, so the batch and its checkpoint travel together.
 */
export const advance = async (documents: Documents, from: number, to: number): Promise<void> => {
  const progress = documents.collection<Progress>('progress');
  if ((await progressOf(documents)) !== from) throw new CheckpointMoved();
  const filter = { _id: LIVE, position: from };
  await progress.bulkWrite([{ updateOne: { filter, update: { $set: { position: to } }, upsert: true } }]);
};

class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
  constructor() {
    super('another process has moved the checkpoint of the read models');
  }
}
