import { Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Execution, envelopeOf, idFrom, mayManage, type Outcome } from '#commands';
import { type Refusal, refuse } from '#kernel';
import { CreateApiKey } from './api-key.commands.ts';
import { type ApiKeyCommand, apiKey } from './api-key.ts';
import { ApiKeySecrets } from './api-key-secrets.ts';

const ownerByTransfer = refuse(
  'invalid',
  'owner_role_by_transfer_only',
  'There is one Owner; ownership is transferred.',
);

/** The secret is shown in the answer, and to whoever repeats the command with its key; nobody else ever sees it. */
@Injectable()
@CommandHandler(CreateApiKey)
export class CreateApiKeyHandler implements ICommandHandler<CreateApiKey, Outcome> {
  readonly #execution: Execution;
  readonly #secrets: ApiKeySecrets;

  constructor(execution: Execution, secrets: ApiKeySecrets) {
    this.#execution = execution;
    this.#secrets = secrets;
  }

  async execute(command: CreateApiKey): Promise<Outcome> {
    const envelope = envelopeOf(command);
    const { organizationId, name, role } = command;
    const expiresAt = command.expiresAt ? new Date(command.expiresAt).toISOString() : null;
    const apiKeyId = idFrom(envelope.commandId, 'key');
    const secret = this.#secrets.issue(apiKeyId);
    return this.#execution.run(
      {
        decider: apiKey,
        id: apiKeyId,
        authorize: (principal) => mayManage(principal, organizationId),
        command: (): ApiKeyCommand | Refusal =>
          role === 'owner'
            ? ownerByTransfer
            : {
                type: 'CreateApiKey',
                apiKeyId,
                organizationId,
                name,
                role,
                tokenHash: this.#secrets.hash(secret),
                expiresAt,
              },
        answer: (state) => (state.status === 'unknown' ? {} : { apiKeyId, name, role, secret, expiresAt }),
      },
      envelope,
    );
  }
}
