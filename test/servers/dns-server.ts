import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { Packet, TCPServer, UDPServer } from 'dns2';

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'TXT';

/** One record; for TXT a list is the strings of one record. */
export type RecordValue = string | readonly string[];

/** What a name answers instead of its records. */
export type DnsFault =
  /** Response codes. */
  | 'servfail'
  | 'nxdomain'
  | 'refused'
  | 'formerr'
  | 'notimp'
  | 'notauth'
  | 'badvers'
  /** NOERROR without answers. */
  | 'empty'
  /** A failure code beside the true records. */
  | 'servfail_with_answer'
  /** No answer at all. */
  | 'timeout'
  | 'timeout_over_tcp'
  /** Cut over UDP, whole over TCP. */
  | 'truncate'
  /** Cut over UDP; TCP closes at once, or answers half a message. */
  | 'truncate_and_close'
  | 'truncate_and_cut'
  /** Answers that are not to this question. */
  | 'wrong_id'
  | 'wrong_question'
  | 'wrong_name'
  | 'wrong_class'
  | 'wrong_type'
  | 'not_a_response'
  /** Not DNS, or not all of it. */
  | 'garbage'
  | 'header_only'
  | 'half_header'
  | 'count_too_high'
  | 'pointer_loop'
  | 'pointer_ahead'
  | 'label_overrun'
  | 'string_overrun'
  /** The true answer three times over. */
  | 'repeated'
  /** A wrong identifier first, then the true answer. */
  | 'spoof_then_answer';

export interface DnsServer {
  /** `127.0.0.1:port`, UDP and TCP. */
  readonly address: string;
  /** Queries received; per name with `asked`. */
  readonly queries: number;
  asked(name: string, type?: RecordType): number;
  /** Replaces the records; a function gives those of the n-th query, from 0. `*.name` answers for all below. */
  set(
    name: string,
    type: RecordType,
    values: readonly RecordValue[] | ((n: number) => readonly RecordValue[]),
  ): void;
  fault(name: string, fault: DnsFault, type?: RecordType): void;
  remove(name: string): void;
  close(): Promise<void>;
}

interface Name {
  readonly records: Map<string, (n: number) => readonly RecordValue[]>;
  readonly faults: Map<string, DnsFault>;
}

type Resource = Packet['answers'][number];
type Send = (message: Packet | Buffer) => unknown;

/** A recursive resolver that knows only what it is told; unknown names are NXDOMAIN. */
export const startDnsServer = async (): Promise<DnsServer> => {
  const names = new Map<string, Name>();
  const counts = new Map<string, number>();
  let queries = 0;

  const nameOf = (name: string): Name => {
    const key = name.toLowerCase();
    const known = names.get(key) ?? { records: new Map(), faults: new Map() };
    names.set(key, known);
    return known;
  };
  const find = (name: string): Name | undefined => {
    const labels = name.split('.');
    const above = labels.map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
    return [name, ...above].map((key) => names.get(key)).find((known) => known !== undefined);
  };

  const resolve = (response: Packet, first: string, type: string, n: number): void => {
    let name = first;
    for (let hop = 0; hop < 12; hop++) {
      const known = find(name);
      if (!known) {
        response.header.rcode = Packet.RCODE.NXDOMAIN;
        return;
      }
      for (const value of known.records.get(type)?.(n) ?? [])
        response.answers.push(resource(name, type, value));
      const alias = known.records.get('CNAME')?.(n)[0];
      if (type === 'CNAME' || typeof alias !== 'string') return;
      response.answers.push(resource(name, 'CNAME', alias));
      name = alias.toLowerCase();
    }
  };

  const answer = (request: Packet, send: Send, stream: boolean, drop: () => void): void => {
    const question = request.questions[0];
    if (!question) return;
    queries++;
    const name = question.name.toLowerCase();
    const type = Packet.typeName(question.type);
    const n = counts.get(`${name} ${type}`) ?? 0;
    counts.set(`${name} ${type}`, n + 1);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const response = Packet.createResponseFromRequest(request);
    response.header.ra = 1;
    const faults = find(name)?.faults;
    const fault = faults?.get(type) ?? faults?.get('');
    resolve(response, name, type, n);
    const messages = fault ? misbehaviour(fault, request, response, stream) : [response];
    if (messages === 'hang up') drop();
    else for (const message of messages) send(message);
  };

  const udp = new UDPServer((request, send) => answer(request, send, false, () => {}));
  const tcp = new TCPServer((request, send, client) =>
    answer(request, send, true, () => (client as unknown as Socket).destroy()),
  );
  const open = new Set<Socket>();
  tcp.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  for (const server of [udp, tcp]) server.on('requestError', () => {});
  const port = await listen(udp, tcp);

  return {
    address: `127.0.0.1:${port}`,
    get queries() {
      return queries;
    },
    asked: (name, type) => counts.get(type ? `${name.toLowerCase()} ${type}` : name.toLowerCase()) ?? 0,
    set: (name, type, values) =>
      void nameOf(name).records.set(type, typeof values === 'function' ? values : () => values),
    fault: (name, fault, type) => void nameOf(name).faults.set(type ?? '', fault),
    remove: (name) => void names.delete(name.toLowerCase()),
    close: async () => {
      const closed = [once(udp, 'close'), once(tcp, 'close')];
      udp.close();
      tcp.close();
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
};

/** The port that TCP was given may be taken for UDP; then another is tried. */
const listen = async (udp: UDPServer, tcp: TCPServer): Promise<number> => {
  for (let attempt = 1; ; attempt++) {
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    udp.bind(port, '127.0.0.1');
    try {
      await once(udp, 'listening');
      return port;
    } catch (error) {
      if (attempt === 5) throw error;
      tcp.close();
      await once(tcp, 'close');
    }
  }
};

const resource = (name: string, type: string, value: RecordValue): Resource => {
  const owner = {
    name,
    type: Packet.TYPE[type as RecordType],
    class: Packet.CLASS.IN,
    ttl: 60,
  };
  if (type === 'TXT') return { ...owner, data: strings(value) } as Resource;
  if (type === 'CNAME') return { ...owner, domain: String(value) } as Resource;
  return { ...owner, address: String(value) } as Resource;
};

/** A string of a TXT record holds 255 bytes. */
const strings = (value: RecordValue): string[] =>
  typeof value === 'string' ? (value.match(/[\s\S]{1,255}/g) ?? ['']) : [...value];

const codes: Partial<Record<DnsFault, number>> = {
  servfail: Packet.RCODE.SERVFAIL,
  nxdomain: Packet.RCODE.NXDOMAIN,
  refused: Packet.RCODE.REFUSED,
  formerr: Packet.RCODE.FORMERR,
  notimp: Packet.RCODE.NOTIMP,
  notauth: Packet.RCODE.NOTAUTH,
  badvers: Packet.RCODE.BADVERS,
  empty: Packet.RCODE.NOERROR,
};

/** @param response the true answer, to be spoilt; @param stream true over TCP. */
const misbehaviour = (
  fault: DnsFault,
  request: Packet,
  response: Packet,
  stream: boolean,
): readonly (Packet | Buffer)[] | 'hang up' => {
  const code = codes[fault];
  if (code !== undefined) return [Packet.createErrorResponseFromRequest(request, code)];
  switch (fault) {
    case 'timeout':
      return [];
    case 'timeout_over_tcp':
      return stream ? [] : [cut(request)];
    case 'truncate':
      return [stream ? response : cut(request)];
    case 'truncate_and_close':
      return stream ? 'hang up' : [cut(request)];
    case 'truncate_and_cut':
      return [stream ? response.toBuffer().subarray(0, 20) : cut(request)];
    case 'servfail_with_answer':
      response.header.rcode = Packet.RCODE.SERVFAIL;
      return [response];
    case 'wrong_id':
      response.header.id ^= 0x5555;
      return [response];
    case 'spoof_then_answer': {
      const spoof = response.toBuffer();
      spoof.writeUInt16BE(response.header.id ^ 0x5555, 0);
      return [spoof, response];
    }
    case 'wrong_question':
      response.questions = request.questions.map((question) => ({ ...question, name: 'elsewhere.example' }));
      return [response];
    case 'wrong_name':
      for (const answer of response.answers) answer.name = 'elsewhere.example';
      return [response];
    case 'wrong_class':
      for (const answer of response.answers) answer.class = Packet.CLASS.CH;
      return [response];
    case 'wrong_type':
      response.answers = [resource(request.questions[0]?.name ?? '', 'A', '192.0.2.1')];
      return [response];
    case 'not_a_response':
      response.header.qr = 0;
      return [response];
    case 'repeated':
      return [response, response, response];
    case 'garbage':
      return [Buffer.from('220 this is not a resolver\r\n')];
    case 'header_only':
      return [response.toBuffer().subarray(0, 12)];
    case 'half_header':
      return [response.toBuffer().subarray(0, 5)];
    case 'count_too_high': {
      const message = response.toBuffer();
      message.writeUInt16BE(9, 6);
      return [message];
    }
    case 'pointer_loop':
    case 'pointer_ahead':
    case 'label_overrun':
    case 'string_overrun':
      return [broken(fault, request, response.answers[0])];
    default:
      throw new Error(`unknown fault ${fault}`);
  }
};

/** TC set and nothing else. */
const cut = (request: Packet): Packet => {
  const response = Packet.createResponseFromRequest(request);
  response.header.tc = 1;
  return response;
};

/** A response whose only answer breaks the rules of names or strings. */
const broken = (fault: DnsFault, request: Packet, first: Resource | undefined): Buffer => {
  const head = Packet.createResponseFromRequest(request).toBuffer();
  head.writeUInt16BE(1, 6);
  const owners: Partial<Record<DnsFault, number[]>> = {
    pointer_loop: [0xc0 | (head.length >> 8), head.length & 0xff],
    pointer_ahead: [0xff, 0xff],
    label_overrun: [63, 97],
  };
  const value = Buffer.from(String(first?.data ?? 'x'));
  const fixed = [
    0,
    16,
    0,
    1,
    0,
    0,
    0,
    60,
    0,
    value.length + 1,
    fault === 'string_overrun' ? 255 : value.length,
  ];
  return Buffer.concat([head, Buffer.from(owners[fault] ?? [0xc0, 12]), Buffer.from(fixed), value]);
};
