#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`Orgledger needs Node 24 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}
const { run } = await import('./run.ts');
const exitCode = await run(process.argv.slice(2), process.env, {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
if (exitCode !== undefined) process.exit(exitCode);

export {};
