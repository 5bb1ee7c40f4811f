import { describe, expect, it } from '@jest/globals';
import { type Execution, namedUuid, systemEnvelope } from '#commands';
import { type Refusal, refuse } from '#kernel';
import type { Belongings } from './candidate.ts';
import { Ending } from './ending.ts';

const envelopeFor = (name: string) => systemEnvelope(namedUuid(name), namedUuid('a merge'), null);
const left: Belongings = {
  users: [],
  accountIds: [],
  sharedAccountIds: [],
  additionIds: [],
  pendingInvitationIds: [],
  domainIds: [],
  hasVerifiedDomains: false,
  apiKeyIds: ['key_1'],
};
const endingWhere = (refused: Refusal): Promise<void> =>
  new Ending({ run: async () => refused } as unknown as Execution).end('org_1', 'org_2', left, envelopeFor);

describe('what an organization leaves behind when it is absorbed', () => {
  it('MRG-04: what is over already is as well; what was not decided, because others were always faster, must come again', async () => {
    await expect(endingWhere(refuse('conflict', 'invitation_over', ''))).resolves.toBeUndefined();
    await expect(endingWhere(refuse('precondition', 'revision_conflict', ''))).rejects.toThrow(
      'always faster',
    );
  });
});
