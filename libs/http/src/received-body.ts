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
  fastify.addContentTypeParser('*', (request: FastifyRequest, payload, done) => {
    const mediaType = (request.mediaType ?? '').toLowerCase();
    if (request.headers['content-length'] === '0') done(null, undefined);
    else if (mediaType !== 'application/json' || !isUtf8(request)) done(null, ReceivedBody.other(mediaType));
    else if (Number(request.headers['content-length']) > bodyLimit) done(null, ReceivedBody.tooLarge());
    else collect(payload, done);
  });
};

const isUtf8 = ({ headers }: FastifyRequest): boolean => {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
};

const collect = (
  payload: NodeJS.ReadableStream,
  done: (error: Error | null, body?: unknown) => void,
): void => {
  const chunks: Buffer[] = [];
  let size = 0;
  const settle = (error: Error | null, body?: ReceivedBody): void => {
    payload.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    done(error, body);
  };
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > bodyLimit) {
      payload.pause();
      settle(null, ReceivedBody.tooLarge());
    } else chunks.push(chunk);
  };
  const onEnd = (): void => settle(null, ReceivedBody.json(Buffer.concat(chunks, size)));
  const onError = (): void => settle(bodyIncomplete());
  const onClose = onError;
  payload.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
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
