import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { connect, isIP, isIPv6 } from 'node:net';
import { type DnsMessage, decodeMessage, encodeQuery, questionKey, type RecordType } from './dns-message.ts';

export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

/** `definite` is false where the answer says nothing about the name. */
export interface DnsAnswer {
  readonly values: readonly string[];
  /** Where the name leads by CNAME, nearest first. */
  readonly aliases: readonly string[];
  /** Why there are no values. */
  readonly reason?: string;
  readonly definite: boolean;
}

/** Empty: the system's. @throws on an address that cannot be read. */
export const dnsServers = (addresses: readonly string[]): readonly DnsServer[] => {
  const resolver = new Resolver();
  if (addresses.length > 0) resolver.setServers(addresses);
  return resolver.getServers().map((server) => {
    if (isIP(server) !== 0) return { host: server, port: 53 };
    const colon = server.lastIndexOf(':');
    return { host: server.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(server.slice(colon + 1)) };
  });
};

/** Asks somebody for the records of one name. */
export type Ask = (name: string, type: RecordType) => Promise<DnsAnswer>;

/** Follows aliases that the server told but did not follow itself. */
export const follow = async (ask: Ask, name: string, type: RecordType): Promise<DnsAnswer> => {
  let answer = await ask(name, type);
  const aliases = [...answer.aliases];
  while (answer.reason === 'no_record' && answer.aliases.length > 0) {
    if (aliases.length > 8 || aliases.indexOf(aliases.at(-1) ?? '') < aliases.length - 1)
      return { values: [], aliases, reason: 'alias_loop', definite: false };
    answer = await ask(aliases.at(-1) ?? name, type);
    aliases.push(...answer.aliases);
  }
  return { ...answer, aliases };
};

/**
 * Asks one server for one name. Not `node:dns`: that takes a TXT record of another name or class for an answer, and
 * reads the codes NOTAUTH and BADVERS as "no such record"; here either would give a wrong verdict.
 * A server that is silent for `tryMs` is asked once more. Never rejects.
 */
export const lookUp = async (
  server: DnsServer,
  name: string,
  type: RecordType,
  tryMs: number,
  signal: AbortSignal,
): Promise<DnsAnswer> => {
  const id = randomInt(0x10000);
  const expected = questionKey(name, type);
  /** Undefined: not the answer to this question. */
  const read = (bytes: Buffer): DnsMessage | undefined => {
    if (bytes.length < 12 || bytes.readUInt16BE(0) !== id) return undefined;
    const message = decodeMessage(bytes);
    return message.isResponse && message.question === expected ? message : undefined;
  };
  const query = encodeQuery(id, name, type);
  for (let left = 2; ; left--) {
    try {
      const short = await overUdp(server, query, read, AbortSignal.any([signal, AbortSignal.timeout(tryMs)]));
      const message = short.truncated
        ? await overTcp(server, query, read, AbortSignal.any([signal, AbortSignal.timeout(tryMs)]))
        : short;
      return interpret(message, name, type);
    } catch (error) {
      const reason = failure(error);
      if (left === 1 || signal.aborted || reason !== 'timeout') return unanswered(reason);
    }
  }
};

type Read = (bytes: Buffer) => DnsMessage | undefined;

/** The kernel passes only what comes from that address and port; what does not answer the question is ignored. */
const overUdp = (server: DnsServer, query: Buffer, read: Read, signal: AbortSignal): Promise<DnsMessage> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
    let open = true;
    const end = (settle: () => void) => {
      if (!open) return;
      open = false;
      signal.removeEventListener('abort', aborted);
      socket.close();
      settle();
    };
    const aborted = () => end(() => reject(signal.reason));
    signal.addEventListener('abort', aborted);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('message', (bytes) => {
      try {
        const message = read(bytes);
        if (message) end(() => resolve(message));
      } catch (error) {
        end(() => reject(error));
      }
    });
    socket.connect(server.port, server.host, () => open && socket.send(query));
  });

const overTcp = (server: DnsServer, query: Buffer, read: Read, signal: AbortSignal): Promise<DnsMessage> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: server.host, port: server.port });
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', aborted);
      socket.destroy();
      settle();
    };
    const aborted = () => end(() => reject(signal.reason));
    signal.addEventListener('abort', aborted);
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('close', () => end(() => reject(new RangeError('the answer was cut'))));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
      end(() => {
        try {
          const message = read(bytes.subarray(2, 2 + bytes.readUInt16BE(0)));
          if (message && !message.truncated) resolve(message);
          else reject(new RangeError('the answer is to another question'));
        } catch (error) {
          reject(error);
        }
      });
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });

const interpret = ({ code, answers, answered }: DnsMessage, name: string, type: RecordType): DnsAnswer => {
  if (code !== 0 && code !== 3) return unanswered(codes[code] ?? `rcode_${code}`);
  const aliases: string[] = [];
  let owner = name;
  for (;;) {
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === owner)?.value;
    if (alias === undefined) break;
    if (alias === name || aliases.includes(alias)) return unanswered('alias_loop');
    aliases.push(alias);
    owner = alias;
  }
  if (code === 3) return { values: [], aliases, reason: 'nxdomain', definite: true };
  const values = answers.filter((record) => record.type === type && record.name === owner);
  if (values.length === 0 && aliases.length === 0 && answered) return unanswered('bad_answer');
  if (values.length === 0) return { values: [], aliases, reason: 'no_record', definite: true };
  return { values: values.map(({ value }) => value), aliases, definite: true };
};

const unanswered = (reason: string): DnsAnswer => ({ values: [], aliases: [], reason, definite: false });

const codes: Readonly<Record<number, string>> = {
  1: 'bad_answer',
  2: 'servfail',
  4: 'not_implemented',
  5: 'refused',
};

const failure = (error: unknown): string => {
  const { name, code } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  if (error instanceof RangeError || code === 'ERR_OUT_OF_RANGE' || code === 'ERR_BUFFER_OUT_OF_BOUNDS')
    return 'bad_answer';
  return 'resolver_unreachable';
};
