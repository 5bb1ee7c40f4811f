import 'reflect-metadata';
import { engineGivesWay, giveBackAfterStart, serve } from '#application';
import { stopOnSignal } from '#http';
import { readSettings } from '#settings';

process.on('unhandledRejection', (error) => {
  process.stderr.write(`unhandled: ${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});

try {
  const serving = await serve(readSettings(process.env), process.env.npm_package_version ?? '0.1.0');
  stopOnSignal(() => serving.stop(), {
    error: (fields, message) => process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`),
  });
  process.stdout.write(`Orgledger is ready on ${serving.url}\n`);
  giveBackAfterStart();
  void engineGivesWay();
} catch (error) {
  process.stderr.write(`Orgledger does not start: ${(error as Error).message}\n`);
  if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack}\n`);
  process.exit(1);
}
