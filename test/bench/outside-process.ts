// The outside world on loopback, in a process of its own: a DNS server that is sometimes slow or fails, and a mail server.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

const [value = '', slowMs = '1000'] = process.argv.slice(2);
/** Of a hundred names, five are slow and five fail. */
const kindOf = (name: string): 'slow' | 'failing' | 'quick' => {
  const number = Number(/(\d+)\.bench\.example$/.exec(name)?.[1] ?? 99) % 100;
  if (number < 5) return 'slow';
  return number < 10 ? 'failing' : 'quick';
};

const nameOf = (query: Buffer): { name: string; end: number } => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
};

const text = Buffer.from(value);
/** A TXT record for the name in the question. */
const record = Buffer.concat([
  Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, text.length + 1, text.length]),
  text,
]);

let asked = 0;
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (query, { port, address }) => {
  asked += 1;
  const { name, end } = nameOf(query);
  const kind = kindOf(name);
  const question = query.subarray(12, end);
  const head = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
  query.copy(head, 0, 0, 2);
  if (kind === 'failing') head[3] = 0x82;
  else head[7] = 1;
  const answer =
    kind === 'failing' ? Buffer.concat([head, question]) : Buffer.concat([head, question, record]);
  const send = () => socket.send(answer, port, address);
  if (kind === 'slow') setTimeout(send, Number(slowMs));
  else send();
});
await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));

const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onData(stream, _session, done) {
    stream.on('end', () => done());
    stream.resume();
  },
});
await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', () => resolve()));

const server = createServer((_request, response) => {
  const mail = `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`;
  response.end(JSON.stringify({ asked, dns: `127.0.0.1:${socket.address().port}`, smtp: mail }));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
