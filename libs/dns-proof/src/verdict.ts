import { type Observation, verificationFile, verificationValue } from './port.ts';

/** Bytes; the file that is asked for has about 250. */
export const largestFile = 4096;

const missingReasons = new Set([
  'nxdomain',
  'no_record',
  'no_address',
  'wrong_value',
  'alias_outside',
  'redirect',
  'http_404',
  'http_410',
  'wrong_body',
  'too_large',
]);

/** AMB-10 in one place: a reason that is not known to be a definite answer is doubt. */
export const observation = (reason: string, seen: readonly string[] = []): Observation => ({
  outcome: reason === 'found' ? 'found' : missingReasons.has(reason) ? 'missing' : 'inconclusive',
  reason,
  observed: seen.slice(0, 10).map(printable),
});

/** @param records TXT records, the strings of each joined. */
export const judgeRecords = (records: readonly string[], token: string): Observation => {
  if (records.length === 0) return observation('no_record');
  const wanted = verificationValue(token);
  if (records.includes(wanted)) return observation('found', [wanted]);
  const ours = records.filter((record) => record.includes('orgledger'));
  return observation('wrong_value', [...ours, ...records.filter((record) => !ours.includes(record))]);
};

export const judgeStatus = (status: number): Observation | undefined => {
  if (status === 200) return undefined;
  if (status >= 300 && status < 400 && status !== 304) return observation('redirect', [`HTTP ${status}`]);
  return observation(`http_${status}`, [`HTTP ${status}`]);
};

/** The whole body must be the value or the file: a page that repeats what others wrote proves nothing. */
export const judgeBody = (body: string, token: string): Observation => {
  const text = unify(body);
  if (text === verificationValue(token) || text === unify(verificationFile(token)))
    return observation('found', [verificationValue(token)]);
  return observation('wrong_body', text === '' ? [] : [text]);
};

const unify = (text: string): string => text.replaceAll('\r\n', '\n').trim();

const printable = (text: string): string => text.slice(0, 200).replace(/[^\x20-\x7e\xa1-\xff]/g, '·');
