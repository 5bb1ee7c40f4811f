import {
  type AssignableRole,
  type Decider,
  type Event,
  forbidden,
  notFound,
  type OrganizationRole,
  refuse,
  unreachable,
} from '#kernel';

/** DOM-20: what signing up with an address of a verified domain of the organization leads to. */
export type SignUpPolicy = 'invite_only' | 'auto_join' | 'outside';

export type OrganizationEvent =
  | Event<
      'OrganizationCreated',
      { organizationId: string; name: string; ownerId: string; via: 'sign_up' | 'request' }
    >
  | Event<'OrganizationRenamed', { organizationId: string; name: string; previousName: string }>
  | Event<
      'DomainSignupPolicyChanged',
      { organizationId: string; policy: SignUpPolicy; previousPolicy: SignUpPolicy }
    >
  | Event<
      'OrganizationOwnershipTransferred',
      {
        organizationId: string;
        ownerId: string;
        previousOwnerId: string;
        previousOwnerRole: AssignableRole;
      }
    >;

export type Organization =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'open';
      readonly organizationId: string;
      readonly name: string;
      readonly ownerId: string;
      readonly signUpPolicy: SignUpPolicy;
      /** Who owned it before → the role they were given; it counts until their own stream says so too. */
      readonly formerOwners: Readonly<Record<string, AssignableRole>>;
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
  | { type: 'SetDomainSignupPolicy'; policy: SignUpPolicy }
  | {
      type: 'TransferOwnership';
      previousOwnerId: string;
      newOwnerId: string;
      previousOwnerRole: AssignableRole;
    }
  | { type: 'RequestOrganizationDeletion' };

const evolve = (state: Organization, event: OrganizationEvent): Organization => {
  switch (event.type) {
    case 'OrganizationCreated': {
      const { organizationId, name, ownerId } = event.data;
      return { status: 'open', organizationId, name, ownerId, signUpPolicy: 'invite_only', formerOwners: {} };
    }
    case 'OrganizationRenamed':
      return state.status === 'open' ? { ...state, name: event.data.name } : state;
    case 'DomainSignupPolicyChanged':
      return state.status === 'open' ? { ...state, signUpPolicy: event.data.policy } : state;
    case 'OrganizationOwnershipTransferred': {
      if (state.status !== 'open') return state;
      const { ownerId, previousOwnerId, previousOwnerRole } = event.data;
      const { [ownerId]: _again, ...formerOwners } = state.formerOwners;
      return { ...state, ownerId, formerOwners: { ...formerOwners, [previousOwnerId]: previousOwnerRole } };
    }
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
      case 'SetDomainSignupPolicy': {
        const { organizationId, signUpPolicy: previousPolicy } = state;
        return command.policy === previousPolicy
          ? []
          : [
              {
                type: 'DomainSignupPolicyChanged',
                data: { organizationId, policy: command.policy, previousPolicy },
              },
            ];
      }
      case 'TransferOwnership': {
        const { newOwnerId: ownerId, previousOwnerId, previousOwnerRole } = command;
        if (ownerId === state.ownerId) return [];
        if (previousOwnerId !== state.ownerId) return forbidden;
        const { organizationId } = state;
        return [
          {
            type: 'OrganizationOwnershipTransferred',
            data: { organizationId, ownerId, previousOwnerId, previousOwnerRole },
          },
        ];
      }
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

/** ORG-11: the organization says who the Owner is, at once; a person's own stream follows. */
export const roleIn = (state: Organization, userId: string, role: OrganizationRole): OrganizationRole => {
  if (state.status !== 'open') return role;
  if (state.ownerId === userId) return 'owner';
  return role === 'owner' ? (state.formerOwners[userId] ?? 'standard_user') : role;
};
