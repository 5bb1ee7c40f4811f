import { expect, it } from '@jest/globals';
import type { ReadModels } from '#read-models';
import type { ActiveUser } from '#users';
import { SecondFactorRequirement } from './second-factor-requirement.ts';

/** Somebody on two accounts. */
const asked = async (required: boolean): Promise<{ applies: boolean; steps: string[] }> => {
  const steps: string[] = [];
  const readModels: Partial<ReadModels> = {
    async *pages() {
      steps.push('whose accounts');
      yield [{ accountId: 'acc_1' }, { accountId: 'acc_2' }] as never;
    },
    async many(_name, ids) {
      steps.push(`what of ${ids}`);
      return new Map(ids.map((id) => [id, { twoFactorRequired: required && id === 'acc_2' }])) as never;
    },
  };
  const requirement = new SecondFactorRequirement(readModels as ReadModels);
  const ada = { userId: 'usr_ada', twoFactorRequired: false } as ActiveUser;
  const applies = await requirement.appliesTo(ada, async () => void steps.push('others'));
  return { applies, steps };
};

it('SEC-05, P18: any account may want a second factor, and others are heard before each of the two readings that tell', async () => {
  const steps = ['others', 'whose accounts', 'others', 'what of acc_1,acc_2'];
  expect([await asked(true), await asked(false)]).toEqual([
    { applies: true, steps },
    { applies: false, steps },
  ]);
});
