import { STATUS_CODES } from 'node:http';
import { type HttpProblem, problemDocument } from './problem.ts';

/** The whole answer, for a connection of which no request was read; nothing follows on it. */
export const writtenOut = (problem: HttpProblem, id: string): string => {
  const body = JSON.stringify(problemDocument(problem, { url: '', id }));
  const headers = Object.entries({
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': id,
    ...problem.headers,
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${headers.join('')}\r\n${body}`;
};
