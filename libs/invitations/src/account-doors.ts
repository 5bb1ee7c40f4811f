import { Injectable } from '@nestjs/common';
import type { Account } from '#accounts';
import { Execution, mayManage, type Principal } from '#commands';
import { VerifiedDomains } from '#domains';
import { type Refusal, refuse } from '#kernel';
import { organization } from '#organizations';
import { type Address, isLiving, type Living, People } from '#users';
import { homeOf } from './invitees.ts';

type KnownAccount = Exclude<Account, { status: 'unknown' }>;

/** How an address comes to an account. */
export type Door =
  /** INV-02: a managed user of the account's organization gets access at once. */
  | { readonly way: 'at_once'; readonly user: Living }
  /** AMB-29: one invitation to the organization and the account. */
  | { readonly way: 'with_the_organization'; readonly organizationId: string }
  /** By an invitation to the account; whoever accepts may join the organization of their domain by themselves. */
  | { readonly way: 'by_invitation'; readonly joins: string | null };

/** ERR-01. */
const throughOrganization = refuse(
  'invalid',
  'invite_through_organization',
  'This user cannot be invited to this account. Please reach out to your Organization administrator to invite this user.',
);

/** ERR-02. */
const managedElsewhere = refuse(
  'invalid',
  'domain_managed_elsewhere',
  "This user can't be invited to this account because their domain is managed by an Organization",
);

const alreadyThere = refuse('conflict', 'already_member', 'This person has access to the account already.');

/** DOM-21: whoever has verified a domain says how its people come to accounts. */
@Injectable()
export class AccountDoors {
  readonly #execution: Execution;
  readonly #people: People;
  readonly #domains: VerifiedDomains;

  constructor(execution: Execution, people: People, domains: VerifiedDomains) {
    this.#execution = execution;
    this.#people = people;
    this.#domains = domains;
  }

  async find(address: Address, account: KnownAccount, principal: Principal): Promise<Door | Refusal> {
    const known = await this.#people.withAddress(address);
    const person = known && isLiving(known) ? known : undefined;
    if (person && account.access[person.userId]) return alreadyThere;
    const { organizationId } = account;
    if (person && organizationId !== null && person.membership?.organizationId === organizationId)
      return { way: 'at_once', user: person };
    const owner = await this.#domains.ownerOf(address.domain);
    // A managed user of the organization that verified the domain is invited like anybody else.
    if (!owner || person?.membership?.organizationId === owner.organizationId)
      return { way: 'by_invitation', joins: null };
    const ours = owner.organizationId === organizationId;
    const inviteOnly = (await this.#policyOf(owner.organizationId)) === 'invite_only';
    if (!ours && inviteOnly) return managedElsewhere;
    const unvalidated = await this.unvalidated(address.domain);
    if (unvalidated) return unvalidated;
    if (ours && mayManage(principal, organizationId) === undefined)
      return { way: 'with_the_organization', organizationId: owner.organizationId };
    if (ours && inviteOnly) return throughOrganization;
    const autoJoins = (await this.#policyOf(owner.organizationId)) === 'auto_join';
    const joins = autoJoins && !(person && homeOf(person) !== null) ? owner.organizationId : null;
    return { way: 'by_invitation', joins };
  }

  /** AMB-30: while its proof is missing, nobody of a domain is invited or comes in, wherever they are invited to. */
  async unvalidated(domain: string): Promise<Refusal | undefined> {
    const owner = await this.#domains.ownerOf(domain);
    return owner?.status === 'unvalidated' ? this.#domains.refuses(owner.organizationId, domain) : undefined;
  }

  async #policyOf(organizationId: string) {
    const { state } = await this.#execution.load(organization, organizationId);
    return state.status === 'open' ? state.signUpPolicy : 'invite_only';
  }
}
