import { type Decider, type Event, refuse, unreachable } from '#kernel';

/**
 * Uniqueness by identity: the stream's name is the value (or its keyed hash). The claim points to its holder; whether
 * the holder still lives is told by the holder's own stream, so nothing has to be confirmed, and what a crash leaves
 * behind can be taken over.
 */
export type ClaimEvent =
  | Event<'ClaimReserved', { holder: string; organizationId: string | null; reservedAt: string }>
  | Event<'ClaimReleased', { holder: string }>;

export interface Claim {
  readonly holder: string | null;
  readonly organizationId: string | null;
  readonly reservedAt: string;
}

export type ClaimCommand =
  | {
      type: 'ReserveClaim';
      holder: string;
      organizationId: string | null;
      /** The reservation that was judged abandoned; one that was renewed since is another. */
      insteadOf: { readonly holder: string; readonly reservedAt: string } | null;
    }
  | { type: 'RenewClaim'; holder: string }
  | {
      type: 'ReleaseClaim';
      holder: string;
      /** Only what was reserved earlier than this; a reservation made anew since stays. */
      before?: string;
    };

const free: Claim = { holder: null, organizationId: null, reservedAt: '' };

export const claim: Decider<Claim, ClaimCommand, ClaimEvent> = {
  category: 'claim',
  initial: free,
  evolve: (state, event) => {
    switch (event.type) {
      case 'ClaimReserved':
        return event.data;
      case 'ClaimReleased':
        return event.data.holder === state.holder ? free : state;
      default:
        return unreachable(event, state);
    }
  },
  organizationOf: ({ organizationId }) => organizationId,
  decide: (command, state, { now }) => {
    switch (command.type) {
      case 'ReserveClaim': {
        const { holder, organizationId, insteadOf } = command;
        if (state.holder === holder) return [];
        if (
          state.holder !== null &&
          (state.holder !== insteadOf?.holder || state.reservedAt !== insteadOf.reservedAt)
        )
          return refuse('conflict', 'claim_held', 'Somebody else holds this.', { holder: state.holder });
        return [{ type: 'ClaimReserved', data: { holder, organizationId, reservedAt: now } }];
      }
      case 'RenewClaim':
        return state.holder === null || state.holder === command.holder
          ? [
              {
                type: 'ClaimReserved',
                data: { holder: command.holder, organizationId: state.organizationId, reservedAt: now },
              },
            ]
          : refuse('conflict', 'claim_held', 'Somebody else holds this.', { holder: state.holder });
      case 'ReleaseClaim':
        return state.holder === command.holder &&
          (command.before === undefined || state.reservedAt < command.before)
          ? [{ type: 'ClaimReleased', data: { holder: command.holder } }]
          : [];
      default:
        return unreachable(command, []);
    }
  },
};
