import { once } from 'node:events';
import {
  Body,
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  HttpCode,
  Module,
  Patch,
  Post,
  Put,
  Query,
  Req,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsBoolean, IsOptional, ValidateNested } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { forbidden, notFound, refuse } from '#kernel';
import {
  type AnsweredRequest,
  Answers,
  BodyStream,
  Call,
  Consumes,
  called,
  createAdapter,
  decodeCursor,
  EmailAddress,
  encodeCursor,
  type HttpOptions,
  IdMap,
  IsId,
  id,
  ListOf,
  ListQuery,
  nestOptions,
  OneOf,
  object,
  PathId,
  pageOf,
  RateLimited,
  receiptWith,
  SortBy,
  TakesItsTime,
  Text,
  unauthenticated,
  useConventions,
  withEtag,
} from '../src/index.ts';

class AccountAccess {
  @IsId('acc') accountId!: string;
  @ListOf({ min: 1, max: 5 }) @OneOf(['administrator', 'standard_user'], { each: true }) roles!: string[];
}

class InviteUser {
  @EmailAddress() email!: string;
  @OneOf(['administrator', 'standard_user']) role!: string;
  @IsOptional() @Text({ max: 100 }) note?: string;
  @IsOptional() @IsBoolean() silent?: boolean;
  @IsOptional()
  @ListOf({ max: 20 })
  @ValidateNested({ each: true })
  @Type(() => AccountAccess)
  accounts?: AccountAccess[];
  @IsOptional() @IdMap('acc', 'usr') owners?: Record<string, string>;
}

class UserQuery extends ListQuery {
  @IsOptional() @SortBy('name', 'email') sort?: string;
  @IsOptional() @Text({ max: 200 }) search?: string;
  @IsOptional() @OneOf(['managed', 'pending']) kind?: string;
  @IsOptional() @IsBoolean() twoFactorRequired?: boolean;
}

const receipt = (revision: number, more: object = {}) => ({
  id: 'org_1',
  stream: 'organization-org_1',
  revision,
  position: '42',
  events: [{ id: 'e1', type: 'OrganizationRenamed' }],
  ...more,
});

class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

@Controller('v1/organizations/:organizationId')
class Organizations {
  @Get() read(@PathId('organizationId', 'org') organizationId: string, @Call() call: Call) {
    return withEtag({ organizationId, call, position: '41' }, 7);
  }
  @Patch() rename(@Body() body: InviteUser, @Call() call: Call) {
    return receipt(3, { body, call });
  }
  @Delete() remove() {
    return refuse('conflict', 'organization_deletion_not_available', 'Not available.');
  }
  @Post('invitations') invite(
    @PathId('organizationId', 'org') organizationId: string,
    @Body() body: InviteUser,
    @Call() call: Call,
  ) {
    if (organizationId.endsWith('f')) return notFound;
    if (body.note === 'forbidden') return forbidden;
    if (body.note === 'stale') return refuse('precondition', 'revision_conflict', 'Changed meanwhile.');
    if (body.note === 'gone')
      return refuse('gone', 'organization_absorbed', 'Merged.', { successorId: 'org_2' });
    if (body.note === 'rule')
      return refuse('invalid', 'account_owner_required', 'Name owners.', { accounts: [] });
    if (call.dryRun) return { dryRun: true, events: [{ type: 'InviteSent' }], effects: [] };
    if (body.note === 'slow') return receipt(0, { effects: 'pending' });
    return receipt(0, { body, call });
  }
  @Post('suspend') @HttpCode(200) @Answers(receiptWith({ organizationId: id('org') })) suspend() {
    return receipt(5);
  }
  @Post('imports') @HttpCode(202) importUsers() {
    return receipt(0);
  }
  @Get('users') @Answers(pageOf(called('Person', object({ userId: id('usr') })))) users(
    @Query() query: UserQuery,
  ) {
    const scope = { kind: query.kind, sort: query.sort };
    return {
      items: [],
      query,
      after: decodeCursor(query.cursor, scope) ?? null,
      nextCursor: encodeCursor(['Ada', 'usr_1'], scope),
      position: '40',
    };
  }
  @Put('selection') @Consumes('text/csv') async select(
    @BodyStream({ maxBytes: 1_000 }) csv: AsyncIterable<Buffer>,
  ) {
    let bytes = 0;
    for await (const chunk of csv) bytes += chunk.length;
    return { bytes };
  }
  @Get('broken') broken() {
    throw new Error('secret of the inside');
  }
  @Get('outage') outage() {
    throw new StoreUnavailable('10.0.0.7:2113 refused');
  }
  @Get('limited') limited() {
    throw new RateLimited(12.2);
  }
}

@Controller()
class Anybody {
  @Get('health/live') live() {
    return { status: 'ok' };
  }
  @Get('v1/by-token') byToken(@Query('token') token: string) {
    return { length: token.length };
  }
  @Post('v1/slow-for-anybody') @HttpCode(200) slowForAnybody() {
    return this.slow();
  }
  @Post('v1/minutes') @HttpCode(200) @TakesItsTime() async minutes(@Req() { raw }: FastifyRequest) {
    await once(raw.socket.setTimeout(1), 'timeout');
    return receipt(1);
  }
  @Post('v1/slow') @HttpCode(200) async slow() {
    waiting.count += 1;
    await gate.promise;
    return receipt(1);
  }
}

@Module({ controllers: [Organizations, Anybody] })
class FakeApi {}

const publicPaths = ['/health/live', '/v1/by-token', '/v1/minutes', '/v1/slow-for-anybody'];

export const whoMay = (_method: string, path: string) =>
  publicPaths.includes(path) ? { who: 'anybody', isPublic: true } : { who: 'somebody', isPublic: false };

class Authentication implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (publicPaths.includes(request.routeOptions.url ?? '')) return true;
    const { authorization, cookie } = request.headers;
    const good = /^Bearer good-?(\w*)/.exec(authorization ?? '');
    if (!good && !cookie) throw unauthenticated();
    const id = good?.[1] === 'operator' ? 'operator' : `usr_${good?.[1] || '1'}`;
    request.principal = { type: id === 'operator' ? id : 'user', id, cookie: cookie !== undefined };
    return true;
  }
}

/** How many calls of `POST /v1/slow` have begun. */
export const waiting = { count: 0 };

/** Lets `POST /v1/slow` answer. */
export let gate = Promise.withResolvers<void>();

export const startFakeApi = async (
  options: Pick<HttpOptions, 'admission' | 'connections' | 'operatorToken'> = {},
) => {
  gate = Promise.withResolvers<void>();
  waiting.count = 0;
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const answered: AnsweredRequest[] = [];
  const log = {
    info: (fields: object, message: string) => void lines.push({ fields: { ...fields }, message }),
    error: (fields: object, message: string) => void lines.push({ fields: { ...fields }, message }),
  };
  const app = await NestFactory.create<NestFastifyApplication>(
    FakeApi,
    createAdapter({ log, answered: (request) => answered.push(request), ...options }),
    { ...nestOptions, logger: false },
  );
  useConventions(app, { log }, { who: [new Authentication()] });
  return { app, lines, answered };
};
