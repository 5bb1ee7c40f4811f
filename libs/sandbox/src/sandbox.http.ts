import {
  Body,
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  UseGuards,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isoTime } from '#clock';
import {
  Answers,
  HttpProblem,
  nothingHere,
  TakesItsTime,
  Told,
  validationFailed,
  WithoutDryRun,
} from '#http';
import { refuse } from '#kernel';
import { clockTime, mails, textMessages, zoneHost, zoneRecord } from './sandbox.answers.ts';
import { AdvanceClockBody, MailQuery, ZoneHostBody, ZoneRecordBody } from './sandbox.dto.ts';
import { Sandbox } from './sandbox.ts';
import { TimeTravel } from './time-travel.ts';

const loopbackAddress = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
const loopbackName = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

const noDryRun = 'is not there for the sandbox';

class LoopbackOnly implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { raw, hostname } = context.switchToHttp().getRequest<FastifyRequest>();
    const { remoteAddress = '' } = raw.socket;
    // The name too: a page of somebody else's may have its own name answered with 127.0.0.1.
    if (loopbackAddress.test(remoteAddress) && loopbackName.test(hostname)) return true;
    throw nothingHere();
  }
}

/** Only there in the sandbox, only for this machine. */
@Controller('sandbox')
@UseGuards(LoopbackOnly)
export class SandboxController {
  readonly #sandbox: Sandbox;
  readonly #travel: TimeTravel;

  constructor(sandbox: Sandbox, travel: TimeTravel) {
    this.#sandbox = sandbox;
    this.#travel = travel;
  }

  @Get('mail')
  @Answers(mails)
  @Told('The mails that were sent, as far as they are kept.')
  async mail(@Query() { to, kind }: MailQuery) {
    return { items: await this.#sandbox.mailbox.list({ to, kind }) };
  }

  @Get('sms')
  @Answers(textMessages)
  @Told('The text messages that were sent.')
  async sms(@Query('to') to?: string) {
    return { items: await this.#sandbox.textMessages.list(to) };
  }

  @Put('dns/:name/TXT')
  @WithoutDryRun(noDryRun)
  @Answers(zoneRecord)
  @Told(
    'Sets the TXT records of a name in the sandbox’s DNS, or the fault with which it answers.',
    'validation_failed',
  )
  async setRecord(@Param('name') name: string, @Body() { values, fault }: ZoneRecordBody) {
    if ((values === undefined) === (fault === undefined)) throw oneOfTwo('values', 'fault');
    await this.#sandbox.setRecord(name, fault ? { fault } : { values });
    return { name, ...(fault ? { fault } : { values }) };
  }

  @Delete('dns/:name/TXT')
  @HttpCode(204)
  @WithoutDryRun(noDryRun)
  @Answers()
  @Told('Removes the TXT records of a name.', 'validation_failed')
  async removeRecord(@Param('name') name: string): Promise<void> {
    await this.#sandbox.setRecord(name, undefined);
  }

  @Put('https/:host')
  @WithoutDryRun(noDryRun)
  @Answers(zoneHost)
  @Told(
    'Sets the file that a host serves in the sandbox, or the fault with which it answers.',
    'validation_failed',
  )
  async setHost(@Param('host') host: string, @Body() { path, content, fault }: ZoneHostBody) {
    if ((content === undefined) === (fault === undefined)) throw oneOfTwo('content', 'fault');
    await this.#sandbox.setHost(host, fault ? { fault } : { path, content });
    return { host, ...(fault ? { fault } : { path, content }) };
  }

  @Delete('https/:host')
  @HttpCode(204)
  @WithoutDryRun(noDryRun)
  @Answers()
  @Told('Removes a host.', 'validation_failed')
  async removeHost(@Param('host') host: string): Promise<void> {
    await this.#sandbox.setHost(host, undefined);
  }

  @Get('clock')
  @Answers(clockTime)
  @Told('What time it is in the sandbox.')
  clock() {
    return { now: isoTime(this.#sandbox.clock.now()) };
  }

  @Post('clock/advance')
  @HttpCode(200)
  @TakesItsTime()
  @WithoutDryRun(noDryRun)
  @Answers(clockTime)
  @Told(
    'Moves the sandbox’s clock forward; what becomes due meanwhile happens.',
    'clock_cannot_go_back',
    'clock_out_of_range',
  )
  async advance(@Body() { milliseconds }: AdvanceClockBody) {
    if (milliseconds <= 0) return refuse('invalid', 'clock_cannot_go_back', 'Time only goes forward.');
    const now = await this.#travel.advance(milliseconds).catch((error) => {
      if (error instanceof RangeError)
        throw new HttpProblem(422, 'clock_out_of_range', 'Time does not go that far.');
      throw error;
    });
    return { now: isoTime(now) };
  }
}

const oneOfTwo = (one: string, other: string): HttpProblem =>
  validationFailed([{ field: one, code: 'one_of_two', message: `or ${other} must be given, not both` }]);
