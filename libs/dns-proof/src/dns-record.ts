import type { Resolver } from 'node:dns/promises';
import { registrableDomain } from './domain-name.ts';
import { type Observation, type ProofRequest, recordHost } from './port.ts';
import { judgeRecords, observation } from './verdict.ts';

/** An answer: its values, none of them and why, or a failure that says nothing about the name. */
export interface Answer<T> {
  readonly values: readonly T[];
  readonly reason?: string;
  readonly definite: boolean;
}

export const ask = async <T>(query: Promise<readonly T[]>): Promise<Answer<T>> => {
  try {
    return { values: await query, definite: true };
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    const definite = code === 'ENOTFOUND' || code === 'ENODATA';
    return { values: [], reason: reasons[code] ?? 'dns_error', definite };
  }
};

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'nxdomain',
  ENODATA: 'no_record',
  ESERVFAIL: 'servfail',
  EREFUSED: 'refused',
  ETIMEOUT: 'timeout',
  ECANCELLED: 'timeout',
  ECONNREFUSED: 'resolver_unreachable',
  ENOTIMP: 'not_implemented',
  EFORMERR: 'bad_answer',
  EBADRESP: 'bad_answer',
};

const mostAliases = 8;

/** One resolver's word on the TXT record. An alias is followed only below the same registrable domain. */
export const readRecord = async (
  resolver: Resolver,
  { domain, token }: ProofRequest,
): Promise<Observation> => {
  const home = registrableDomain(domain);
  let name = recordHost(domain);
  const visited = new Set<string>();
  for (;;) {
    const alias = await ask(resolver.resolveCname(name));
    if (!alias.definite) return observation(alias.reason ?? 'dns_error');
    const target = alias.values[0]?.toLowerCase().replace(/\.$/, '');
    if (target === undefined) break;
    visited.add(name);
    if (visited.has(target) || visited.size > mostAliases) return observation('alias_loop', [...visited]);
    if (target !== home && !target.endsWith(`.${home}`)) return observation('alias_outside', [target]);
    name = target;
  }
  const answer = await ask(resolver.resolveTxt(name));
  if (answer.reason) return observation(answer.reason);
  return judgeRecords(
    answer.values.map((strings) => strings.join('')),
    token,
  );
};

/**
 * Resolvers must agree: found beside missing is in doubt, and so is one word alone where several were asked (P11).
 * Of three or more, one may fail.
 */
export const agree = (observations: readonly Observation[]): Observation => {
  const definite = observations.filter(({ outcome }) => outcome !== 'inconclusive');
  const first = definite[0];
  if (first && definite.some(({ outcome }) => outcome !== first.outcome))
    return observation('split_answer', [...new Set(definite.flatMap(({ observed }) => observed))]);
  if (first && definite.length >= Math.min(2, observations.length)) return first;
  return observations.find(({ outcome }) => outcome === 'inconclusive') ?? observation('dns_error');
};
