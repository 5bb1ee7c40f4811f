import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as Listener } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { turns } from '#clock';

/** Aborted when the product begins to stop: answers that have no end listen to it. */
export class Stopping extends AbortController {}

/** Whoever asks again and again over one connection does so within it, and is told to take another. */
const LAST_QUESTIONS_MS = 100;

/**
 * Stops taking connections, lets what is in flight be answered, closes connections that stay idle, and cuts what is
 * still open after `graceMilliseconds`. `stopping` is aborted first: streams that have no end listen to it.
 */
export const drain = async (
  server: Server,
  stopping: AbortController,
  graceMilliseconds = 10_000,
): Promise<void> => {
  stopping.abort();
  if (!server.listening) return;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.prependListener('request', closing);
  // The server's own way cuts at once what only seems idle: the next question may be on its way.
  Listener.prototype.close.call(server, () => resolve());
  // What has arrived is read first.
  const idle = setInterval(() => turns.piece(() => server.closeIdleConnections()), LAST_QUESTIONS_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  try {
    await closed;
  } finally {
    clearInterval(idle);
    clearTimeout(cut);
  }
};

const closing = (_request: IncomingMessage, response: ServerResponse): void => {
  response.shouldKeepAlive = false;
};

/** Drains before Nest destroys what the answers need, then closes the application. */
export const stop = async (
  app: NestFastifyApplication,
  stopping: AbortController,
  graceMilliseconds?: number,
): Promise<void> => {
  await drain(app.getHttpServer(), stopping, graceMilliseconds);
  await app.close();
};

/** The first SIGTERM or SIGINT stops; further ones change nothing. The exit code is 1 when stopping fails. */
export const stopOnSignal = (
  stopEverything: () => Promise<void>,
  log: { error(fields: object, message: string): void },
): void => {
  let stopped = false;
  const onSignal = (): void => {
    if (stopped) return;
    stopped = true;
    stopEverything().then(
      () => process.exit(0),
      (err: unknown) => {
        log.error({ err }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
};
