import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { isRefusal } from '#kernel';
import { Refused } from './problem.ts';

/** What a command answers (api.md, "Details that callers rely on"); commands add fields of their own. */
export interface Receipt {
  /** Of the aggregate. */
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly events: readonly { readonly id: string; readonly type: string }[];
  /** Follow-on commands are still running: 202. */
  readonly effects?: 'pending';
}

/** An answer whose status or headers the handler chooses. */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A single resource with its `ETag`: the revision of its own stream. */
export const withEtag = (body: unknown, revision: number): Answer =>
  new Answer(200, body, { etag: `"${revision}"` });

/**
 * Nest on Fastify, with one addition at the only point that every handler's result passes: refusals become problems,
 * receipts get their status and headers, reads tell their position. Cheaper than an interceptor.
 */
export class ConventionalAdapter extends FastifyAdapter {
  override reply(response: FastifyReply, body: unknown, status?: number) {
    if (typeof body !== 'object' || body === null) return super.reply(response, body, status);
    if (isRefusal(body)) throw new Refused(body);
    if (body instanceof Answer) {
      response.headers(body.headers);
      tellPosition(response, body.body);
      return super.reply(response, body.body, body.status);
    }
    tellPosition(response, body);
    if (isReceipt(body)) {
      response.header('etag', `"${body.revision}"`);
      return super.reply(response, body, body.effects === 'pending' ? 202 : status);
    }
    if ('dryRun' in body && body.dryRun === true) {
      response.header('preference-applied', 'dry-run');
      return super.reply(response, body, 200);
    }
    return super.reply(response, body, status);
  }
}

const tellPosition = (response: FastifyReply, body: unknown): void => {
  if (typeof body === 'object' && body !== null && 'position' in body && typeof body.position === 'string')
    response.header('x-log-position', body.position);
};

const isReceipt = (body: object): body is Receipt =>
  'revision' in body && 'events' in body && 'stream' in body && typeof body.revision === 'number';
