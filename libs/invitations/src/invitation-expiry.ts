import { type Clock, isoTime } from '#clock';
import { Commands } from '#commands';
import { isRefusal } from '#kernel';
import { ReadModels } from '#read-models';
import { ExpireInvite } from './invitation.commands.ts';
import type { InvitationView } from './invitations.projection.ts';

const AT_ONCE = 200;

/** INV-04: ends what has expired. The command decides by its own time, so looking twice or late does no harm. */
export class InvitationExpiry {
  readonly #readModels: ReadModels;
  readonly #commands: Commands;
  readonly #clock: Clock;
  #sweeping: Promise<void> | undefined;

  constructor(readModels: ReadModels, commands: Commands, clock: Clock) {
    this.#readModels = readModels;
    this.#commands = commands;
    this.#clock = clock;
  }

  /** Ends all that are due now; one sweep at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    for (;;) {
      const { items } = await this.#readModels.list<InvitationView>('invitations', {
        where: { status: 'pending', expiresAt: { upTo: isoTime(this.#clock.now()) } },
        sort: { field: 'expiresAt', direction: 1 },
        limit: AT_ONCE,
        totals: false,
      });
      if (items.length === 0) return;
      const positions = await Promise.all(items.map((due) => this.#expire(due)));
      await this.#readModels.reach(Math.max(...positions), ['invitations']);
    }
  }

  async #expire({ invitationId, timesSent }: InvitationView): Promise<number> {
    const command = Object.assign(new ExpireInvite(), { invitationId, generation: timesSent });
    const outcome = await this.#commands.issue(command, `expire/${invitationId}/${timesSent}`);
    return !isRefusal(outcome) && 'position' in outcome ? Number(outcome.position) : 0;
  }
}
