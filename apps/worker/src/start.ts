import 'reflect-metadata';
import { giveBackAfterStart, serve } from '#application';
import { stopOnSignal } from '#http';
import { readSettings, WrongSetting } from '#settings';

process.on('unhandledRejection', (error) => {
  process.stderr.write(`unhandled: ${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});

try {
  const settings = readSettings({ PORT: '4001', ...process.env });
  if (!settings.eventStoreUrl || !settings.mongodbUrl)
    throw new WrongSetting(
      'A worker of its own needs EVENTSTORE_URL and MONGODB_URL; otherwise `npm start` works alone.',
    );
  if (!settings.publicUrl)
    throw new WrongSetting(
      'A worker of its own needs ORGLEDGER_PUBLIC_URL, the address that its mails link to.',
    );
  const working = await serve(settings, process.env.npm_package_version ?? '0.1.0', 'worker');
  stopOnSignal(() => working.stop(), {
    error: (fields, message) => process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`),
  });
  process.stdout.write(`Orgledger works; health and metrics are on ${working.url}\n`);
  giveBackAfterStart();
} catch (error) {
  process.stderr.write(`Orgledger does not start: ${(error as Error).message}\n`);
  process.exit(1);
}
