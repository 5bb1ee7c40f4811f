import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { NestLogger } from './nest-logger.ts';

const captured = (logLevel: string) => {
  const lines: Record<string, unknown>[] = [];
  return {
    lines,
    logger: createLogger({ logLevel }, { write: (line: string) => lines.push(JSON.parse(line)) }),
  };
};

describe('logger', () => {
  it('writes one JSON line with level, time and message', () => {
    const { lines, logger } = captured('info');
    logger.info({ route: '/v1/me' }, 'answered');
    expect(lines).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), route: '/v1/me', msg: 'answered' },
    ]);
  });
  it('P9: blanks secrets and addresses, also nested ones', () => {
    const { lines, logger } = captured('info');
    logger.info({ token: 'tkn', body: { password: 'pwd', deeper: { email: 'a@b.example' } } });
    expect(JSON.stringify(lines)).not.toMatch(/tkn|pwd|a@b/);
  });
  it('stays silent below its level', () => {
    const { lines, logger } = captured('warn');
    logger.info('nothing');
    expect(lines).toEqual([]);
  });
});

describe('Nest messages', () => {
  it("shows Nest's own start at debug only", () => {
    const { lines, logger } = captured('info');
    const nest = new NestLogger(logger);
    nest.log('Mapped {/v1/me, GET} route', 'RouterExplorer');
    nest.log('serving', 'Api');
    expect(lines).toMatchObject([{ level: 'info', context: 'Api', msg: 'serving' }]);
  });
  it('keeps stack and context of an error', () => {
    const { lines, logger } = captured('info');
    const nest = new NestLogger(logger);
    nest.error('broken', 'Error: broken\n    at x', 'Api');
    nest.error(new Error('thrown'), 'Api');
    nest.warn({ found: 3 }, 'Api');
    expect(lines).toMatchObject([
      { level: 'error', stack: 'Error: broken\n    at x', context: 'Api', msg: 'broken' },
      { level: 'error', err: { message: 'thrown', stack: expect.any(String) }, context: 'Api' },
      { level: 'warn', found: 3 },
    ]);
  });
});

describe('metrics', () => {
  it('counts requests answered before the first scrape, and after it', async () => {
    const metrics = new Metrics();
    const answered = { method: 'GET', route: '/v1/me', status: 200, seconds: 0.004 };
    metrics.answered(answered);
    await metrics.text();
    metrics.answered(answered);
    const { contentType, body } = await metrics.text();
    expect(contentType).toMatch(/^text\/plain/);
    expect(body).toContain('http_requests_total{method="GET",route="/v1/me",status="200"} 2');
    expect(body).toContain('http_request_duration_seconds_bucket{le="0.005",method="GET",route="/v1/me"} 2');
    expect(body).toContain('process_cpu_user_seconds_total');
  });
  it('tells apart routes, methods and answers, and counts up the times', async () => {
    const metrics = new Metrics();
    for (const [method, status, seconds] of [
      ['GET', 200, 0.001],
      ['GET', 404, 0.002],
      ['POST', 200, 60],
    ] as const)
      metrics.answered({ method, route: '/', status, seconds });
    const { body } = await metrics.text();
    expect(body.split('\n').filter((line) => /^http_.*GET|le="(?:10|.Inf)".*POST/.test(line))).toEqual([
      'http_requests_total{method="GET",route="/",status="200"} 1',
      'http_requests_total{method="GET",route="/",status="404"} 1',
      'http_request_duration_seconds_bucket{le="0.001",method="GET",route="/"} 1',
      ...[0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, '+Inf'].map(
        (bound) => `http_request_duration_seconds_bucket{le="${bound}",method="GET",route="/"} 2`,
      ),
      'http_request_duration_seconds_sum{method="GET",route="/"} 0.003',
      'http_request_duration_seconds_count{method="GET",route="/"} 2',
      'http_request_duration_seconds_bucket{le="10",method="POST",route="/"} 0',
      'http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/"} 1',
    ]);
  });
  it('reads gauges at each scrape and forgets labels that are gone', async () => {
    const metrics = new Metrics();
    let lag: Record<string, number> = { users: 3, domains: 0 };
    metrics.gauge({
      name: 'projection_lag_events',
      help: 'Events not yet applied.',
      labels: ['projection'],
      read: () => Object.entries(lag).map(([projection, value]) => ({ value, labels: { projection } })),
    });
    expect((await metrics.text()).body).toContain('projection_lag_events{projection="users"} 3');
    lag = { domains: 1 };
    const { body } = await metrics.text();
    expect(body).toContain('projection_lag_events{projection="domains"} 1');
    expect(body).not.toContain('projection="users"');
    expect(() => metrics.gauge({ name: 'projection_lag_events', help: '', read: () => [] })).toThrow(
      'exists',
    );
  });
});
