import type { EventStore } from '#event-store';

export interface Belonging {
  /** User → where they belong after everything. */
  readonly homes: ReadonlyMap<string, string>;
  readonly accounts: ReadonlyMap<
    string,
    { readonly organizationId: string | null; readonly ownerId: string }
  >;
  readonly absorbed: ReadonlySet<string>;
  readonly owners: ReadonlyMap<string, string>;
  /** What ought never to be, in words. */
  readonly wrongs: readonly string[];
}

interface Fields {
  readonly [field: string]: string;
}

/** Folds a log and looks at the invariants of rules.md 2.10 after every append. */
export const belonging = async (events: EventStore): Promise<Belonging> => {
  const homes = new Map<string, string>();
  const roles = new Map<string, string>();
  const accounts = new Map<string, { organizationId: string | null; ownerId: string }>();
  const absorbed = new Set<string>();
  const owners = new Map<string, string>();
  const members = new Set<string>();
  const wrongs: string[] = [];
  const settle = (userId: string): void => {
    if (members.has(userId) && !homes.has(userId)) wrongs.push(`${userId} is in no organization`);
  };
  let append = '';
  let left: string | undefined;
  for await (const batch of events.readAll())
    for (const { type, data, stream, metadata } of batch) {
      const fields = data as Fields;
      const { userId = '', organizationId = '', accountId = '' } = fields;
      if (append !== `${stream}/${metadata.commandId}` && left) settle(left);
      append = `${stream}/${metadata.commandId}`;
      switch (type) {
        case 'UserJoinedOrg':
          if (homes.has(userId)) wrongs.push(`${userId} is in two organizations`);
          if (absorbed.has(organizationId)) wrongs.push(`${userId} joined what is absorbed`);
          homes.set(userId, organizationId);
          roles.set(userId, fields.role as string);
          members.add(userId);
          break;
        case 'UserRemovedFromOrg':
          homes.delete(userId);
          if (fields.reason === 'merge') left = userId;
          else members.delete(userId);
          break;
        case 'OrganizationRoleChanged':
          roles.set(userId, fields.role as string);
          break;
        case 'AccountCreated':
          accounts.set(accountId, { organizationId, ownerId: fields.ownerId as string });
          break;
        case 'AccountDetached':
          accounts.set(accountId, { organizationId: null, ownerId: fields.ownerId as string });
          break;
        case 'AccountAttached':
          accounts.set(accountId, { organizationId, ownerId: fields.ownerId as string });
          break;
        case 'AccountOwnershipTransferred':
          accounts.set(accountId, { organizationId, ownerId: fields.ownerId as string });
          break;
        case 'OrganizationCreated':
        case 'OrganizationOwnershipTransferred':
          owners.set(organizationId, fields.ownerId as string);
          break;
        case 'OrganizationAbsorbed':
          absorbed.add(organizationId);
          owners.delete(organizationId);
          break;
      }
    }
  if (left) settle(left);
  for (const [id, { organizationId, ownerId }] of accounts)
    if (organizationId !== (homes.get(ownerId) ?? null))
      wrongs.push(`the Owner of ${id} is not of its organization`);
  for (const [id, ownerId] of owners)
    if (homes.get(ownerId) !== id || roles.get(ownerId) !== 'owner') wrongs.push(`${id} has no Owner`);
  for (const [userId, role] of roles)
    if (role === 'owner' && owners.get(homes.get(userId) ?? '') !== userId)
      wrongs.push(`${userId} owns nothing`);
  for (const [userId, home] of homes) if (absorbed.has(home)) wrongs.push(`${userId} is in what is absorbed`);
  return { homes, accounts, absorbed, owners, wrongs };
};
