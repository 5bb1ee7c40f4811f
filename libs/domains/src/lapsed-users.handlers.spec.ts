import { describe, expect, it } from '@jest/globals';
import { type Commands, type Execution, enclose, systemEnvelope } from '#commands';
import type { LogHead } from '#queries';
import type { ReadModels } from '#read-models';
import { RemoveLapsedUsers } from './domain.commands.ts';
import { RemoveLapsedUsersHandler } from './lapsed-users.handlers.ts';

/** One step over people who are there and, after it, so many who still are; every removal is answered as done. */
const stepOver = async (userIds: readonly string[], remaining: number): Promise<unknown> => {
  const counts = [userIds.length, remaining];
  let noted: unknown;
  const execution = {
    load: async () => ({ state: { status: 'deleted', domain: 'acme.com' } }),
    run: async ({ command }: { command: unknown }) => {
      noted = command;
      return { done: true };
    },
  };
  const readModels = {
    reach: async () => undefined,
    count: async () => counts.shift(),
    list: async () => ({ items: userIds.map((userId) => ({ userId, accountIds: [] })) }),
  };
  const commands = { issue: async () => ({ done: true }) };
  const handler = new RemoveLapsedUsersHandler(
    execution as unknown as Execution,
    commands as unknown as Commands,
    readModels as unknown as ReadModels,
    { head: async () => 1 } as unknown as LogHead,
  );
  const command = Object.assign(new RemoveLapsedUsers(), {
    domainId: 'dom_1',
    organizationId: 'org_1',
    lapseId: 'lapse',
  });
  await handler.execute(enclose(command, systemEnvelope('step', 'step', null)));
  return noted;
};

describe('removing the users of a lapsed domain', () => {
  it('DOM-15: a step that made somebody leave is followed by the next one at once', async () => {
    expect(await stepOver(['usr_1', 'usr_2'], 1)).toMatchObject({ remaining: 1, progressed: true });
  });

  it('DOM-15: whoever has come back meanwhile does not keep the steps going without end', async () => {
    expect(await stepOver(['usr_1'], 1)).toMatchObject({ remaining: 1, progressed: false });
  });
});
