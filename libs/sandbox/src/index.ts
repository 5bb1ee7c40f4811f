import type { Noun } from '#commands';
import { SandboxController } from './sandbox.http.ts';

export { Settled } from './sandbox.http.ts';
export { Sandbox } from './sandbox.ts';

export const sandboxNoun: Noun = { name: 'sandbox', controllers: [SandboxController] };
