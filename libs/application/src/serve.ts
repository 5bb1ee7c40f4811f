import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Commands } from '#commands';
import { AuthenticationGuard } from '#credentials';
import {
  createAdapter,
  drain,
  nestOptions,
  RateGuard,
  routesOf,
  Stopping,
  serveOpenapi,
  useConventions,
} from '#http';
import { PublicUrl } from '#mail';
import { SuccessionGuard } from '#merges';
import { NestLogger } from '#observability';
import { PermissionGuard, refuseRoutesWithoutRow, rightOf } from '#permissions';
import { PolicyRunner } from '#policies';
import type { RemoteProgress } from '#read-models';
import type { Settings } from '#settings';
import { ApplicationModule, PROGRESS } from './application.module.ts';
import { openPlatform, type Role } from './platform.ts';
import { Work } from './work.ts';

export interface Serving {
  /** `http://host:port` as bound. */
  readonly url: string;
  readonly operatorToken: string;
  readonly app: NestFastifyApplication;
  /** Answers what is in flight (10 s at most), then closes the stores. */
  stop(): Promise<void>;
}

/**
 * Opens everything, serves, and says where. A `worker` serves health, metrics and operations only.
 * @throws with one sentence when it cannot start
 */
export const serve = async (
  settings: Settings,
  version: string,
  role: Role = settings.role,
): Promise<Serving> => {
  const platform = await openPlatform(settings, role);
  const { log, metrics, stores, operatorToken } = platform;
  try {
    const https = settings.publicUrl?.startsWith('https:') ?? false;
    const adapter = createAdapter({
      log,
      https,
      operatorToken,
      connections: { perAddress: settings.connectionsPerAddress },
      answered: (answered) => metrics.answered(answered),
    });
    const app = await NestFactory.create<NestFastifyApplication>(ApplicationModule.over(platform), adapter, {
      ...nestOptions,
      logger: new NestLogger(log),
    });
    const authentication = app.get(AuthenticationGuard);
    useConventions(
      app,
      { log },
      {
        who: [settings.rateLimits ? new RateGuard(authentication) : authentication],
        may: [app.get(SuccessionGuard), app.get(PermissionGuard)],
      },
    );
    serveOpenapi(app, { version, whoMay });
    await app.init();
    refuseRoutesWithoutRow(routesOf(app));
    app.get(PublicUrl).value = settings.publicUrl ?? '';
    app.get(PolicyRunner).issueThrough(app.get(Commands));
    const work = platform.follows ? new Work(app, platform) : app.get<RemoteProgress>(PROGRESS);
    await work.start();
    await app.listen(settings.port, settings.host);
    const { port } = app.getHttpServer().address() as AddressInfo;
    const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
    const url = `http://${host}:${port}`;
    app.get(PublicUrl).value = settings.publicUrl ?? url;
    if (work instanceof Work) work.sendMail();
    return {
      url,
      operatorToken,
      app,
      async stop() {
        await drain(app.getHttpServer(), app.get(Stopping));
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

const whoMay = (method: string, path: string) => {
  const { who, of } = rightOf(method, path) ?? { who: 'nobody', of: 'operator' };
  return { who, isPublic: of === 'anybody' };
};
