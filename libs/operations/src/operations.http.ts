import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Answer, Answers, AnswersAlsoIn503, Produces, TakesItsTime, Told, WithoutDryRun } from '#http';
import { notFound, type Refusal, refuse } from '#kernel';
import { Metrics } from '#observability';
import { PolicyRunner } from '#policies';
import { Projector } from '#read-models';
import { TimerRunner } from '#timers';
import { Health } from './health.ts';
import {
  alive,
  parkedCommands,
  projectionsHealth,
  readiness,
  rebuiltProjection,
  retried,
} from './operations.answers.ts';

const noDryRun = 'is not there for operations';

@Controller()
export class HealthController {
  readonly #health: Health;
  readonly #metrics: Metrics;

  constructor(health: Health, metrics: Metrics) {
    this.#health = health;
    this.#metrics = metrics;
  }

  @Get('health/live')
  @Answers(alive)
  @Told('Whether the process runs.')
  live() {
    return { status: 'live' };
  }

  @Get('health/ready')
  @Answers(readiness)
  @AnswersAlsoIn503(readiness)
  @Told(
    'Whether the product can be used: its store, its read models and what follows the log; 503 otherwise.',
  )
  async ready() {
    const report = await this.#health.report();
    return new Answer(report.ready ? 200 : 503, report, report.ready ? {} : { 'retry-after': '1' });
  }

  @Get('metrics')
  @Produces('text/plain')
  @Told('Measurements for Prometheus.')
  async metrics() {
    const { contentType, body } = await this.#metrics.text();
    return new Answer(200, body, { 'content-type': contentType });
  }
}

/** For whoever runs the product: the bearer of the operator token. Nobody else sees that this is here. */
@Controller('v1/operations')
export class OperationsController {
  readonly #projector: Projector;
  readonly #policies: PolicyRunner;
  readonly #timers: TimerRunner;
  readonly #health: Health;

  constructor(projector: Projector, policies: PolicyRunner, timers: TimerRunner, health: Health) {
    this.#projector = projector;
    this.#health = health;
    this.#policies = policies;
    this.#timers = timers;
  }

  @Get('projections')
  @Answers(projectionsHealth)
  @Told('The read models, and how far each has followed the log.')
  projections() {
    return {
      items: this.#health.projections().map((health) => ({ ...health, position: String(health.position) })),
    };
  }

  /** Answers when the new build is served. */
  @Post('projections/:name/rebuild')
  @HttpCode(200)
  @TakesItsTime()
  @WithoutDryRun(noDryRun)
  @Answers(rebuiltProjection)
  @Told('Builds a read model anew; answers when the new one is served.', 'not_found', 'runs_in_worker')
  async rebuild(@Param('name') name: string): Promise<object | Refusal> {
    if (!this.#projector.health().some((projection) => projection.name === name)) return notFound;
    if (!this.#projector.isStarted) return elsewhere;
    await this.#projector.rebuild(name);
    return { name, rebuilt: true };
  }

  @Get('parked')
  @Answers(parkedCommands)
  @Told('Follow-on commands and timers that were given up after several attempts.')
  async parked() {
    const [commands, timers] = await Promise.all([this.#policies.parked(), this.#timers.parked()]);
    const items = [
      ...commands.map((command) => ({ ...command, position: String(command.position) })),
      ...timers,
    ];
    return { items: items.map(({ _id, ...item }) => ({ id: _id, ...item })) };
  }

  @Post('parked/:id/retry')
  @HttpCode(200)
  @WithoutDryRun(noDryRun)
  @Answers(retried)
  @Told('Tries a parked command or timer again.', 'not_found', 'still_refused')
  async retry(@Param('id') id: string): Promise<object | Refusal> {
    const done = (await this.#policies.retry(id)) ?? (await this.#timers.retry(id));
    if (done === undefined) return notFound;
    return done ? { id, done } : refuse('conflict', 'still_refused', 'The command was refused again.');
  }
}

const elsewhere = refuse('conflict', 'runs_in_worker', 'The read models are kept by the worker; ask it.');
