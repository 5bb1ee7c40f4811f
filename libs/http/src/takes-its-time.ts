import {
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';

const keep = (): void => undefined;

class KeptConnection implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    // Whoever listens decides: without, the server cuts it.
    context.switchToHttp().getResponse<FastifyReply>().raw.on('timeout', keep);
    return next.handle();
  }
}

/** The answer may take minutes: meanwhile its connection is not taken for one that nobody uses. */
export const TakesItsTime = (): MethodDecorator => UseInterceptors(new KeptConnection());
