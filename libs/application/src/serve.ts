import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createAdapter, drain, nestOptions, serveOpenapi, useConventions } from '#http';
import { NestLogger } from '#observability';
import { PublicUrl } from '#notifications';
import type { Settings } from '#settings';
import { AuthenticationGuard } from '#users';
import { ApplicationModule } from './application.module.ts';
import { openPlatform } from './platform.ts';
import { Work } from './work.ts';

export interface Serving {
  /** `http://host:port` as bound. */
  readonly url: string;
  readonly operatorToken: string;
  readonly app: NestFastifyApplication;
  /** Answers what is in flight (10 s at most), then closes the stores. */
  stop(): Promise<void>;
}

/** Opens everything, serves, and says where. @throws with one sentence when it cannot start */
export const serve = async (settings: Settings, version: string): Promise<Serving> => {
  const platform = await openPlatform(settings);
  const { log, metrics, stores, operatorToken } = platform;
  try {
    const https = settings.publicUrl?.startsWith('https:') ?? false;
    const adapter = createAdapter({ log, https, answered: (answered) => metrics.answered(answered) });
    const app = await NestFactory.create<NestFastifyApplication>(ApplicationModule.over(platform), adapter, {
      ...nestOptions,
      logger: new NestLogger(log),
    });
    useConventions(app, { log }, [app.get(AuthenticationGuard)]);
    serveOpenapi(app, { version });
    await app.init();
    const work = new Work(app, platform);
    await work.start();
    await app.listen(settings.port, settings.host);
    const { port } = app.getHttpServer().address() as AddressInfo;
    const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
    const url = `http://${host}:${port}`;
    app.get(PublicUrl).value = settings.publicUrl ?? url;
    return {
      url,
      operatorToken,
      app,
      async stop() {
        await drain(app.getHttpServer(), new AbortController());
        await work.stop();
        await app.close();
        await stores.close();
      },
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
};
