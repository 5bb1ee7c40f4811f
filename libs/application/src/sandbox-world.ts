import type { EventStore } from '#event-store';
import type { ImportRunner } from '#imports';
import type { MailBell } from '#notifications';
import type { PolicyRunner } from '#policies';
import { ReadModelBehind, type ReadModels } from '#read-models';
import type { World } from '#sandbox';
import type { TimerRunner } from '#timers';

interface Parts {
  readonly timers: TimerRunner;
  readonly policies: PolicyRunner;
  readonly imports: ImportRunner;
  readonly bell: MailBell;
  readonly readModels: ReadModels;
  readonly events: EventStore;
}

/** Each wait ends after two seconds; a lapse of many people takes longer. */
const WAITS = 60;

/** The product around the sandbox's clock; everything in it runs in this process. */
export const sandboxWorld = ({ timers, policies, imports, bell, readModels, events }: Parts): World => {
  const followed = async (position: number): Promise<void> => {
    for (let waits = 0; waits < WAITS; waits += 1) if ((await policies.settle(position, '')).settled) return;
  };
  const shown = async (position: number): Promise<void> => {
    for (let waits = 1; ; waits += 1)
      try {
        return await readModels.reach(position);
      } catch (error) {
        if (!(error instanceof ReadModelBehind) || waits >= WAITS) throw error;
      }
  };
  return {
    nextDueAt: (until) => timers.nextDueAt(until),
    fireDue: () => timers.fireDue(),
    async settle() {
      for (let head = -1; head !== (await events.head()); ) {
        head = await events.head();
        await followed(head);
        await imports.idle();
        await shown(head);
        bell.ring();
        await bell.idle();
      }
    },
  };
};
