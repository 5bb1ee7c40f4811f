import { Injectable } from '@nestjs/common';
import { type ClaimName, Claims, type Holder } from '#claims';
import { type Envelope, Execution, type Loaded, type Outcome } from '#commands';
import { parseEmailAddress } from '#dns-proof';
import { type OrganizationRole, type Refusal, refuse } from '#kernel';
import { organization, roleIn } from '#organizations';
import { AddressHash } from '#tokens';
import { isLiving, type Living, type User, user } from './user.ts';

export interface Address {
  /** Canonical form: what is stored and compared; plus-tags are significant (ORG-06). */
  readonly email: string;
  readonly domain: string;
  /** Keyed hash; stands for the address in stream names. */
  readonly hash: string;
}

/** What somebody typed, an address or not. */
export interface Typed {
  readonly email: string | undefined;
  readonly hash: string;
}

export const emailInvalid: Refusal = refuse(
  'invalid',
  'email_invalid',
  'This is not an e-mail address we can use.',
);

export const emailTaken: Refusal = refuse(
  'conflict',
  'email_taken',
  'Somebody has signed up with this address already.',
);

/** Finds people by id and by address, from the streams that decide: one user per address (rules.md 2.8). */
@Injectable()
export class People {
  readonly #execution: Execution;
  readonly #claims: Claims;
  readonly #addresses: AddressHash;

  constructor(execution: Execution, claims: Claims, addresses: AddressHash) {
    this.#execution = execution;
    this.#claims = claims;
    this.#addresses = addresses;
  }

  address(email: string): Address | undefined {
    const parsed = parseEmailAddress(email);
    return (
      parsed && {
        email: parsed.canonical,
        domain: parsed.domain,
        hash: this.#addresses.addressHash(parsed.canonical),
      }
    );
  }

  hash(text: string): string {
    return this.#addresses.addressHash(text);
  }

  typed(text: string): Typed {
    return this.address(text) ?? { email: undefined, hash: this.hash(text.toLowerCase()) };
  }

  load(userId: string): Promise<Loaded<User>> {
    return this.#execution.load(user, userId);
  }

  /** The person who has this address now, pending or active. */
  async withAddress({
    email,
    hash,
  }: Address): Promise<Living | Extract<User, { status: 'pending' }> | undefined> {
    const { holder } = await this.#claims.holder(claimOf(hash));
    if (holder === null) return undefined;
    const { state } = await this.load(holder);
    return (state.status === 'pending' || isLiving(state)) && state.email === email ? state : undefined;
  }

  /** The same for whatever somebody typed: as many reads, and as long ones, whether there is such a person or not. */
  async withTyped({
    email,
    hash,
  }: Typed): Promise<Living | Extract<User, { status: 'pending' }> | undefined> {
    const { holder } = await this.#claims.holder(claimOf(hash));
    const { state } = await this.load(holder ?? `usr_${hash}`);
    return (state.status === 'pending' || isLiving(state)) && state.email === email ? state : undefined;
  }

  whoever(text: string): ReturnType<People['withTyped']> {
    return this.withTyped(this.typed(text));
  }

  /** ORG-11: the role that counts now, also before the person's own stream has followed a transfer of ownership. */
  async roleOf({ userId, membership }: Living): Promise<OrganizationRole | null> {
    if (!membership) return null;
    const { organizationId, role, nominatedUntil } = membership;
    if (role !== 'owner' && nominatedUntil === null) return role;
    return roleIn((await this.#execution.load(organization, organizationId)).state, userId, role);
  }

  /**
   * Makes the address that of `userId`; `anew`: beside the one that they have. @returns `claim_held` when it is
   * somebody's.
   */
  claim(
    address: Address,
    userId: string,
    organizationId: string | null,
    envelope: Envelope,
    anew = false,
  ): Promise<Refusal | undefined> {
    const judge = async (holder: string): Promise<Holder> => {
      const { state } = await this.load(holder);
      if (state.status === 'pending' || isLiving(state))
        // Whoever lives with another address may just be changing to this one.
        return state.email === address.email ? 'alive' : 'unknown';
      return state.status === 'unknown' ? 'unknown' : 'dead';
    };
    const request = { holder: userId, organizationId, judge, anew };
    return this.#claims.reserve(claimOf(address.hash), request, envelope);
  }

  /** Makes an address free that was that of `userId`; `before`: unless they took it again since. */
  release({ hash }: Address, userId: string, envelope: Envelope, before?: string): Promise<Outcome> {
    return this.#claims.release(claimOf(hash), userId, envelope, before);
  }
}

const claimOf = (hash: string): ClaimName => `email-${hash}`;
