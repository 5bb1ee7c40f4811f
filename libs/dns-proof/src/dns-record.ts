import { type Ask, follow } from './dns-lookup.ts';
import { registrableDomain } from './domain-name.ts';
import { type Observation, type ProofRequest, recordHost } from './port.ts';
import { judgeRecords, observation } from './verdict.ts';

/** One resolver's word on the TXT record. Aliases count only below the same registrable domain. */
export const readRecord = async (ask: Ask, { domain, token }: ProofRequest): Promise<Observation> => {
  const home = registrableDomain(domain);
  const answer = await follow(ask, recordHost(domain), 'TXT');
  const outside = answer.aliases.filter((name) => name !== home && !name.endsWith(`.${home}`));
  if (answer.definite && outside.length > 0) return observation('alias_outside', outside);
  return answer.reason ? observation(answer.reason) : judgeRecords(answer.values, token);
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
