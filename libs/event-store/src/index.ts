import type { EventStore } from './port.ts';

export { openEmbeddedEvents } from './embedded/open.ts';
export { ERASED } from './personal-fields.ts';
export * from './port.ts';
export * from './readable-events.ts';

/** The client is loaded only where it is used. */
export const openEventStoreDb = async (url: string): Promise<EventStore> =>
  (await import('./eventstoredb/open.ts')).openEventStoreDb(url);
