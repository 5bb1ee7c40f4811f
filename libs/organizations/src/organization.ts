import {
  type AssignableRole,
  type Decider,
  type Event,
  forbidden,
  notFound,
  type OrganizationRole,
  type Refusal,
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
        /** Of the new Owner's address; null in an old log that does not say. */
        ownerDomain: string | null;
        previousOwnerId: string;
        previousOwnerRole: AssignableRole;
      }
    >
  | Event<'OrganizationMergeStarted', Absorption>
  | Event<'OrganizationMergeAborted', Absorption>
  | Event<'OrganizationAbsorbed', Absorption & { absorbedAt: string }>;

/** MRG-01: into which organization, by which merge. */
interface Absorption {
  readonly organizationId: string;
  readonly mergeId: string;
  readonly intoOrganizationId: string;
}

interface Known {
  readonly organizationId: string;
  readonly name: string;
  readonly ownerId: string;
  readonly signUpPolicy: SignUpPolicy;
  /** Who owned it before → the role they were given; it counts until their own stream says so too. */
  readonly formerOwners: Readonly<Record<string, AssignableRole>>;
}

export type Organization =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'open' } & Known)
  /** Its people and accounts are moving; nothing else happens to it meanwhile. */
  | ({ readonly status: 'merging'; readonly mergeId: string; readonly successorId: string } & Known)
  | ({ readonly status: 'absorbed'; readonly mergeId: string; readonly successorId: string } & Known);

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
      newOwnerDomain: string;
      previousOwnerRole: AssignableRole;
    }
  | { type: 'RequestOrganizationDeletion' }
  | { type: 'BeginAbsorption'; mergeId: string; intoOrganizationId: string }
  | { type: 'AbortAbsorption'; mergeId: string }
  | { type: 'CompleteAbsorption'; mergeId: string };

/** One merge at a time (rules.md 2.7). */
export const organizationMerging: Refusal = refuse(
  'conflict',
  'organization_merging',
  'This organization is being merged into another one; wait until that is over.',
);

/** MRG-04. */
export const organizationAbsorbed = (successorId: string): Refusal =>
  refuse('gone', 'organization_absorbed', 'This organization was merged into another one.', { successorId });

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
    case 'OrganizationMergeStarted': {
      const { mergeId, intoOrganizationId: successorId } = event.data;
      return state.status === 'open' ? { ...state, status: 'merging', mergeId, successorId } : state;
    }
    case 'OrganizationMergeAborted': {
      if (state.status !== 'merging') return state;
      const { mergeId: _mergeId, successorId: _successorId, ...known } = state;
      return { ...known, status: 'open' };
    }
    case 'OrganizationAbsorbed':
      return state.status === 'merging' ? { ...state, status: 'absorbed' } : state;
    default:
      return unreachable(event, state);
  }
};

export const organization: Decider<Organization, OrganizationCommand, OrganizationEvent> = {
  category: 'organization',
  initial: { status: 'unknown' },
  evolve,
  organizationOf: (state) => (state.status === 'unknown' ? null : state.organizationId),
  decide: (command, state, { now }) => {
    if (command.type === 'CreateOrganization') {
      if (state.status !== 'unknown') return [];
      const { organizationId, name, ownerId, via } = command;
      return [{ type: 'OrganizationCreated', data: { organizationId, name, ownerId, via } }];
    }
    if (state.status === 'unknown') return notFound;
    if (
      command.type === 'BeginAbsorption' ||
      command.type === 'AbortAbsorption' ||
      command.type === 'CompleteAbsorption'
    )
      return absorbing(command, state, now);
    if (state.status === 'merging') return organizationMerging;
    if (state.status === 'absorbed') return organizationAbsorbed(state.successorId);
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
        const { newOwnerId: ownerId, newOwnerDomain: ownerDomain } = command;
        const { previousOwnerId, previousOwnerRole } = command;
        if (ownerId === state.ownerId) return [];
        if (previousOwnerId !== state.ownerId) return forbidden;
        const { organizationId } = state;
        return [
          {
            type: 'OrganizationOwnershipTransferred',
            data: { organizationId, ownerId, ownerDomain, previousOwnerId, previousOwnerRole },
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

/** MRG-04: locked while the merge goes on, by one merge only; what is absorbed stays absorbed. */
const absorbing = (
  command: Extract<
    OrganizationCommand,
    { type: 'BeginAbsorption' | 'AbortAbsorption' | 'CompleteAbsorption' }
  >,
  state: Exclude<Organization, { status: 'unknown' }>,
  now: string,
): readonly OrganizationEvent[] | Refusal => {
  const { organizationId } = state;
  const { mergeId } = command;
  if (command.type === 'BeginAbsorption') {
    if (state.status !== 'open') {
      if (state.mergeId === mergeId) return [];
      return state.status === 'merging' ? organizationMerging : organizationAbsorbed(state.successorId);
    }
    const { intoOrganizationId } = command;
    return [{ type: 'OrganizationMergeStarted', data: { organizationId, mergeId, intoOrganizationId } }];
  }
  if (state.status !== 'merging' || state.mergeId !== mergeId) return [];
  const absorption = { organizationId, mergeId, intoOrganizationId: state.successorId };
  return [
    command.type === 'AbortAbsorption'
      ? { type: 'OrganizationMergeAborted', data: absorption }
      : { type: 'OrganizationAbsorbed', data: { ...absorption, absorbedAt: now } },
  ];
};

/** MRG-04: why nobody comes into it and nothing begins in it any more. */
export const refusalWhileEnding = (state: Organization): Refusal | undefined => {
  if (state.status === 'merging') return organizationMerging;
  return state.status === 'absorbed' ? organizationAbsorbed(state.successorId) : undefined;
};

/** ORG-11: the organization says who the Owner is, at once; a person's own stream follows. */
export const roleIn = (state: Organization, userId: string, role: OrganizationRole): OrganizationRole => {
  if (state.status !== 'open') return role;
  if (state.ownerId === userId) return 'owner';
  return role === 'owner' ? (state.formerOwners[userId] ?? 'standard_user') : role;
};
