import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** One keep-alive connection, one request at a time: as little work as a client can do, so that the server is measured. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #head: string;
  #received: Buffer[] = [];
  #answered: ((answer: Answer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, host: string, token: string | undefined) {
    this.#socket = socket;
    this.#host = `host: ${host}\r\n`;
    this.#head = this.#host;
    if (token) this.as(token);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error('the connection was closed')));
  }

  static async open(url: string, token?: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket, host, token);
  }

  /** What is asked from now on is asked with this token. */
  as(token: string): this {
    return this.with(`authorization: Bearer ${token}\r\n`);
  }

  /** What is asked from now on is asked with these lines in its head. */
  with(lines: string): this {
    this.#head = `${this.#host}${lines}`;
    return this;
  }

  request(method: string, path: string, body?: object): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#answered = resolve;
    this.#failed = reject;
    if (this.#socket.destroyed) reject(new Error('the connection was closed'));
    const text = body ? JSON.stringify(body) : '';
    const length = body
      ? `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`
      : '';
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${this.#head}${length}\r\n${text}`);
    return promise;
  }

  /** @throws unless the answer has one of these statuses */
  async json<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> {
    const { status, text } = await this.request(method, path, body);
    if (status < 200 || status > 299)
      throw new Error(`${method} ${path} answered ${status} ${text.slice(0, 300)}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    this.#received = [all];
    const end = all.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = all.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const begin = end + END_OF_HEAD.length;
    const total = begin + Number(length ?? 0);
    if (all.length < total) return;
    this.#received = [];
    const answered = this.#answered;
    this.#failed = undefined;
    answered?.({ status: Number(head.slice(9, 12)), text: all.toString('utf8', begin, total) });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }
}
