import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodyIncomplete, HttpProblem } from './problem.ts';

export const bodyLimit = 256 * 1024;

/**
 * What arrived, not judged yet: who calls is asked first (401 before 400, 413 and 415), and Fastify parses before
 * any guard runs.
 */
export class ReceivedBody {
  readonly bytes: Buffer | undefined;
  readonly failure: HttpProblem | undefined;
  /** Lower case, without parameters; empty when the caller named none. */
  readonly mediaType: string;
  private constructor(mediaType: string, bytes?: Buffer, failure?: HttpProblem) {
    this.mediaType = mediaType;
    this.bytes = bytes;
    this.failure = failure;
  }
  static json(bytes: Buffer): ReceivedBody {
    return new ReceivedBody('application/json', bytes);
  }
  static other(mediaType: string): ReceivedBody {
    return new ReceivedBody(mediaType, undefined, unsupported());
  }
  static tooLarge(): ReceivedBody {
    return new ReceivedBody('application/json', undefined, bodyTooLarge());
  }
}

export const bodyTooLarge = (): HttpProblem =>
  new HttpProblem(413, 'body_too_large', 'The body is larger than allowed.');

export const unsupported = (mediaType = 'application/json'): HttpProblem =>
  new HttpProblem(415, 'unsupported_media_type', `Send ${mediaType} in UTF-8.`);

/** Replaces every parser of Fastify by one that only collects. */
export const collectBodies = (fastify: FastifyInstance): void => {
  fastify.removeAllContentTypeParsers();
  const receive = (request: FastifyRequest, payload: IncomingMessage, done: Done): void => {
    const { headers } = request;
    const mediaType = mediaTypeOf(request);
    if (headers['content-length'] === '0') done(null, undefined);
    else if (mediaType !== 'application/json' || !isUtf8(headers['content-type']))
      done(null, ReceivedBody.other(mediaType));
    else if (Number(headers['content-length']) > bodyLimit) done(null, ReceivedBody.tooLarge());
    else collect(payload, done);
  };
  // Fastify looks a named type up faster than '*'.
  fastify.addContentTypeParser('application/json', receive);
  fastify.addContentTypeParser('*', receive);
};

/** Lower case, without parameters; empty when the caller named none. */
export const mediaTypeOf = ({ mediaType }: FastifyRequest): string => (mediaType ?? '').toLowerCase();

type Done = (error: Error | null, body?: ReceivedBody) => void;

const isUtf8 = (contentType = ''): boolean => {
  if (contentType.length === 'application/json'.length) return true;
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
};

const collect = (payload: IncomingMessage, done: Done): void => {
  const chunks: Buffer[] = [];
  let size = 0;
  let settled = false;
  const settle = (error: Error | null, body?: ReceivedBody): void => {
    if (settled) return;
    settled = true;
    done(error, body);
  };
  payload.on('data', (chunk: Buffer) => {
    // What comes after the limit is read and forgotten: a paused body would hold the connection.
    if (settled) return;
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
    else settle(null, ReceivedBody.tooLarge());
  });
  payload.on('end', () =>
    settle(null, ReceivedBody.json(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))),
  );
  payload.on('error', () => settle(bodyIncomplete()));
};

/** The request's body as it arrives, for a route with `@Consumes`; ends with 413 beyond the limit. */
export const BodyStream = createParamDecorator(
  ({ maxBytes }: { readonly maxBytes: number }, context: ExecutionContext): AsyncIterable<Buffer> =>
    limited(context.switchToHttp().getRequest<FastifyRequest>().raw, maxBytes),
);

async function* limited(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw bodyTooLarge();
    yield chunk;
  }
}
