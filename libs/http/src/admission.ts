import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { send } from './problem.filter.ts';
import { HttpProblem } from './problem.ts';

export interface AdmissionLimits {
  /** Requests under way at once. */
  readonly inAll: number;
  /** Of them, of one caller: the rest is for others. */
  readonly perCaller: number;
}

/** About a second of work on one core: whoever waited longer would have gone. */
export const admissionLimits: AdmissionLimits = { inAll: 1_500, perCaller: 1_000 };

const overloaded = () =>
  new HttpProblem(503, 'overloaded', 'Too much is under way just now; try again.', {
    headers: { 'retry-after': '1' },
  });

/** Those who watch and run the service get in whatever others do. */
const privileged = /^\/(?:health\/|metrics(?:$|\?)|v1\/operations\/)/;

/**
 * Refuses at once what would only wait: after the body has arrived, so that slow senders hold no place, and before
 * anybody is asked who calls. A caller is a token, or an address where there is none.
 */
export const admit = (fastify: FastifyInstance, limits: AdmissionLimits): void => {
  const underWay = new Map<string, number>();
  let inAll = 0;
  fastify.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done) => {
    if (privileged.test(request.url)) return done();
    const { authorization, cookie } = request.headers;
    const caller = authorization ?? cookie ?? request.raw.socket.remoteAddress ?? '';
    const own = underWay.get(caller) ?? 0;
    if (inAll >= limits.inAll || own >= limits.perCaller) return send(overloaded(), request, reply);
    inAll += 1;
    underWay.set(caller, own + 1);
    reply.raw.once('close', () => {
      inAll -= 1;
      const rest = (underWay.get(caller) ?? 1) - 1;
      if (rest === 0) underWay.delete(caller);
      else underWay.set(caller, rest);
    });
    done();
  });
};
