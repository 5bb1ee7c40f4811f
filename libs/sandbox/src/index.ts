import type { Noun } from '#commands';
import { SandboxController } from './sandbox.http.ts';
import { TimeTravel } from './time-travel.ts';

export { Sandbox } from './sandbox.ts';
export { World } from './time-travel.ts';

export const sandboxNoun: Noun = {
  name: 'sandbox',
  controllers: [SandboxController],
  providers: [TimeTravel],
};
