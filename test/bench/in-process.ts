import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApplicationModule, openPlatform, type Platform, Work } from '#application';
import { Commands } from '#commands';
import { PolicyRunner } from '#policies';
import { Projector } from '#read-models';
import { readSettings } from '#settings';
import { productEnv } from './product.ts';

export interface InProcess {
  readonly app: INestApplicationContext;
  readonly platform: Platform;
  readonly commands: Commands;
  readonly projector: Projector;
  close(): Promise<void>;
}

/** The product without HTTP, in this process; `running`: nothing but commands, the projections too, or all its work. */
export const openInProcess = async (
  folder: string,
  running: 'commands' | 'projections' | 'all',
): Promise<InProcess> => {
  const platform = await openPlatform(readSettings(productEnv(folder)));
  const app = await NestFactory.createApplicationContext(ApplicationModule.over(platform), { logger: false });
  const commands = app.get(Commands);
  app.get(PolicyRunner).issueThrough(commands);
  const projector = app.get(Projector);
  const work =
    running === 'all' ? new Work(app, platform) : running === 'projections' ? projector : undefined;
  await work?.start();
  return {
    app,
    platform,
    commands,
    projector,
    async close() {
      await work?.stop();
      await app.close();
      await platform.stores.close();
    },
  };
};
