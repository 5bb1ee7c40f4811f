import { Injectable } from '@nestjs/common';
import { Execution } from '#commands';
import { invitation } from '#invitations';
import {
  emailVerificationText,
  invitationText,
  link,
  linkPaths,
  type Mail,
  PublicUrl,
  type QueuedMail,
} from '#mail';
import { organization } from '#organizations';
import { LinkTokens } from '#tokens';
import { user } from '#users';

/** Writes a mail from what is true when it is sent; undefined when nobody needs it any more. */
@Injectable()
export class MailComposer {
  readonly #execution: Execution;
  readonly #tokens: LinkTokens;
  readonly #publicUrl: PublicUrl;

  constructor(execution: Execution, tokens: LinkTokens, publicUrl: PublicUrl) {
    this.#execution = execution;
    this.#tokens = tokens;
    this.#publicUrl = publicUrl;
  }

  compose(entry: QueuedMail): Promise<Mail | undefined> {
    return entry.kind === 'invitation' ? this.#invitation(entry) : this.#verification(entry);
  }

  async #invitation({ _id, event, references }: QueuedMail): Promise<Mail | undefined> {
    const id = aggregateOf(event.stream);
    const { state } = await this.#execution.load(invitation, id);
    const now = this.#execution.now();
    if (state.status !== 'pending' || state.generation !== references?.generation || now >= state.expiresAt)
      return undefined;
    const { state: home } = await this.#execution.load(organization, state.organizationId);
    const { state: inviter } = await this.#execution.load(user, state.invitedBy);
    const { state: invitee } = await this.#execution.load(user, state.userId);
    const text = invitationText({
      inviterName: nameOf(inviter) || 'Somebody',
      organizationName: home.status === 'open' ? home.name : null,
      role: state.role,
      expiresAt: state.expiresAt,
      link: this.#link('invitation', id, state.generation),
    });
    return { id: _id, kind: 'invitation', to: { name: nameOf(invitee), address: state.email }, ...text };
  }

  async #verification({ _id, event, references }: QueuedMail): Promise<Mail | undefined> {
    const id = aggregateOf(event.stream);
    const { state } = await this.#execution.load(user, id);
    if (
      state.status !== 'active' ||
      state.emailVerified ||
      state.verification?.generation !== references?.generation
    )
      return undefined;
    const generation = Number(references?.generation);
    const text = emailVerificationText({
      givenName: state.givenName,
      link: this.#link('email_verification', id, generation),
    });
    return {
      id: _id,
      kind: 'email_verification',
      to: { name: nameOf(state), address: state.email },
      ...text,
    };
  }

  #link(purpose: keyof typeof linkPaths, id: string, generation: number): string {
    return link(this.#publicUrl.value, linkPaths[purpose], this.#tokens.issue(purpose, id, generation));
  }
}

const aggregateOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

const nameOf = (person: { status: string; givenName?: string; familyName?: string }): string =>
  `${person.givenName ?? ''} ${person.familyName ?? ''}`.trim();
