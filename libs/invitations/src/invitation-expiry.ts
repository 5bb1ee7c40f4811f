import { type Clock, isoTime } from '#clock';
import { Commands } from '#commands';
import { type Page, ReadModels } from '#read-models';
import { ExpireInvite } from './invitation.commands.ts';
import type { InvitationView } from './invitations.projection.ts';

const AT_ONCE = 200;

/** INV-04: ends what has expired. The command decides by its own time, so looking twice or late does no harm. */
export class InvitationExpiry {
  readonly #readModels: ReadModels;
  readonly #commands: Commands;
  readonly #clock: Clock;
  readonly #onTrouble: (error: Error) => void;
  #sweeping: Promise<void> | undefined;

  constructor(readModels: ReadModels, commands: Commands, clock: Clock, onTrouble: (error: Error) => void) {
    this.#readModels = readModels;
    this.#commands = commands;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /** Ends all that are due now; one sweep at a time, which `idle` waits for. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async idle(): Promise<void> {
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    let after: Page<InvitationView>['next'] = null;
    do {
      const page: Page<InvitationView> = await this.#readModels.list<InvitationView>('invitations', {
        where: { status: 'pending', expiresAt: { upTo: isoTime(this.#clock.now()) } },
        sort: { field: 'expiresAt', direction: 1 },
        limit: AT_ONCE,
        after: after ?? undefined,
        totals: false,
      });
      await Promise.all(page.items.map((due) => this.#expire(due)));
      after = page.next;
    } while (after);
  }

  /** One that cannot be ended now keeps no other from ending. */
  async #expire({ invitationId, timesSent }: InvitationView): Promise<void> {
    const command = Object.assign(new ExpireInvite(), { invitationId, generation: timesSent });
    try {
      await this.#commands.issue(command, `expire/${invitationId}/${timesSent}`);
    } catch (error) {
      this.#onTrouble(error as Error);
    }
  }
}
