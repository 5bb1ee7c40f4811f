import 'reflect-metadata';
import { readSettings, type Settings } from '#settings';

export interface Terminal {
  out(line: string): void;
  err(line: string): void;
}

type Command = (settings: Settings, terminal: Terminal) => Promise<number>;

const commands: Readonly<Record<string, { readonly does: string; readonly load: () => Promise<Command> }>> = {
  'operator-token': {
    does: 'print the token of whoever runs the product, made from the master key',
    load: async () => (await import('./operator-token.ts')).operatorToken,
  },
  verify: {
    does: 'read the whole embedded log and check it; the product must be stopped',
    load: async () => (await import('./verify.ts')).verify,
  },
  rebuild: {
    does: 'drop the embedded read models; the next start makes them anew from the log',
    load: async () => (await import('./rebuild.ts')).rebuild,
  },
  'rotate-master-key': {
    does: 'put a new master key in place of the present one; the product may run',
    load: async () => (await import('./rotate-master-key.ts')).rotate,
  },
  doctor: {
    does: 'check settings, folder, keys, clock and stores',
    load: async () => (await import('./doctor.ts')).doctor,
  },
};

const help = (): string[] => [
  'usage: orgledger COMMAND',
  '',
  '  serve              serve over HTTP until SIGTERM',
  ...Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(17)}  ${does}`),
  '  help               print this',
  '',
  'Settings come from the environment, as for `npm start`.',
];

/** The exit code; undefined while a server goes on. */
export const run = async (
  [name = 'help', ...rest]: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number | undefined> => {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (['help', '--help', '-h'].includes(name)) {
    for (const line of help()) terminal.out(line);
    return 0;
  }
  if (rest.length > 0 || (!command && name !== 'serve')) {
    terminal.err(
      `orgledger: ${rest.length > 0 ? `${name} takes no arguments` : `no command is called ${name}`}`,
    );
    for (const line of help()) terminal.err(line);
    return 2;
  }
  if (!command) {
    await import('../../api/src/start.ts');
    return undefined;
  }
  try {
    return await (await command.load())(readSettings(env), terminal);
  } catch (error) {
    terminal.err(`orgledger ${name}: ${(error as Error).message}`);
    return 1;
  }
};
