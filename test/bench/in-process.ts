import { NestFactory } from '@nestjs/core';
import { ApplicationModule, openPlatform, type Platform, Work } from '#application';
import { Commands } from '#commands';
import { PublicUrl } from '#notifications';
import { PolicyRunner } from '#policies';
import { readSettings } from '#settings';
import { productEnv } from './product.ts';

export interface InProcess {
  readonly platform: Platform;
  readonly commands: Commands;
  close(): Promise<void>;
}

/** The product without HTTP, in this process; `follows`: with projections, policies and mail running. */
export const openInProcess = async (folder: string, follows: boolean): Promise<InProcess> => {
  const platform = await openPlatform(readSettings(productEnv(folder)));
  const app = await NestFactory.createApplicationContext(ApplicationModule.over(platform), { logger: false });
  app.get(PublicUrl).value = 'http://127.0.0.1';
  const commands = app.get(Commands);
  app.get(PolicyRunner).issueThrough(commands);
  const work = follows ? new Work(app, platform) : undefined;
  await work?.start();
  return {
    platform,
    commands,
    async close() {
      await work?.stop();
      await app.close();
      await platform.stores.close();
    },
  };
};
