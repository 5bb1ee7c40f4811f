import { type Decider, type Event, notFound, refuse, unreachable } from '#kernel';

export type OrganizationEvent =
  | Event<
      'OrganizationCreated',
      { organizationId: string; name: string; ownerId: string; via: 'sign_up' | 'request' }
    >
  | Event<'OrganizationRenamed', { organizationId: string; name: string; previousName: string }>;

export type Organization =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'open';
      readonly organizationId: string;
      readonly name: string;
      readonly ownerId: string;
    };

export type OrganizationCommand =
  | {
      type: 'CreateOrganization';
      organizationId: string;
      name: string;
      ownerId: string;
      via: 'sign_up' | 'request';
    }
  | { type: 'RenameOrganization'; name: string }
  | { type: 'RequestOrganizationDeletion' };

const evolve = (state: Organization, event: OrganizationEvent): Organization => {
  switch (event.type) {
    case 'OrganizationCreated': {
      const { organizationId, name, ownerId } = event.data;
      return { status: 'open', organizationId, name, ownerId };
    }
    case 'OrganizationRenamed':
      return state.status === 'open' ? { ...state, name: event.data.name } : state;
    default:
      return unreachable(event, state);
  }
};

export const organization: Decider<Organization, OrganizationCommand, OrganizationEvent> = {
  category: 'organization',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'open' ? state.organizationId : null),
  decide: (command, state) => {
    if (command.type === 'CreateOrganization') {
      if (state.status === 'open') return [];
      const { organizationId, name, ownerId, via } = command;
      return [{ type: 'OrganizationCreated', data: { organizationId, name, ownerId, via } }];
    }
    if (state.status !== 'open') return notFound;
    switch (command.type) {
      case 'RenameOrganization':
        if (command.name === state.name) return [];
        return [
          {
            type: 'OrganizationRenamed',
            data: { organizationId: state.organizationId, name: command.name, previousName: state.name },
          },
        ];
      case 'RequestOrganizationDeletion':
        return refuse(
          'conflict',
          'organization_deletion_not_available',
          'An organization cannot be deleted; it ends by being merged into another one.',
        );
      default:
        return unreachable(command, []);
    }
  },
};
