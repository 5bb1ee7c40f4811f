// The floor under HTTP and boot: Nest on Fastify with one route, in plain JavaScript so that nothing is compiled at start.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const answer = {
  userId: 'usr_00000000000000000000000000000001',
  email: 'owner@bench.example',
  emailVerified: true,
  givenName: 'Olga',
  familyName: 'Owner',
  status: 'active',
  organizationId: 'org_00000000000000000000000000000001',
  role: 'owner',
};

class BareController {
  me() {
    return answer;
  }
}
Controller()(BareController);
Get('v1/me')(BareController.prototype, 'me', Object.getOwnPropertyDescriptor(BareController.prototype, 'me'));

class BareModule {}
Module({ controllers: [BareController] })(BareModule);

const app = await NestFactory.create(BareModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`ready on http://127.0.0.1:${app.getHttpServer().address().port}\n`);
process.on('SIGTERM', () => app.close().then(() => process.exit(0)));
