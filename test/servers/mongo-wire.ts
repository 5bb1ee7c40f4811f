import { BSON } from 'mongodb';

/** MongoDB's wire protocol, the part that a driver of today speaks: OP_MSG, and OP_QUERY for its first hello. */
export type Document = Record<string, unknown>;

export interface Request {
  readonly id: number;
  readonly command: Document;
  /** The first hello comes in an older message and is answered in one. */
  readonly legacy: boolean;
  /** The client wants no answer. */
  readonly silent: boolean;
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const MORE_TO_COME = 2;

/** Splits a stream of bytes into requests. */
export class Requests {
  #rest: Buffer = Buffer.alloc(0);

  *take(bytes: Buffer): Generator<Request> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 16) {
      const length = this.#rest.readInt32LE(0);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield request(message);
    }
  }
}

const request = (message: Buffer): Request => {
  const id = message.readInt32LE(4);
  const code = message.readInt32LE(12);
  if (code === OP_QUERY) {
    const end = message.indexOf(0, 20);
    return { id, command: BSON.deserialize(message.subarray(end + 9)), legacy: true, silent: false };
  }
  if (code !== OP_MSG) throw new Error(`message of unknown kind ${code}`);
  const silent = (message.readUInt32LE(16) & MORE_TO_COME) !== 0;
  return { id, command: sections(message.subarray(20)), legacy: false, silent };
};

/** A body, and lists of documents that belong to it. */
const sections = (bytes: Buffer): Document => {
  const command: Document = {};
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at++];
    const end = at + bytes.readInt32LE(at);
    if (kind === 0) Object.assign(command, BSON.deserialize(bytes.subarray(at, end)));
    else {
      const name = bytes.indexOf(0, at + 4);
      command[bytes.toString('utf8', at + 4, name)] = documents(bytes.subarray(name + 1, end));
    }
    at = end;
  }
  return command;
};

const documents = (bytes: Buffer): Document[] => {
  const found: Document[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at))
    found.push(BSON.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at))));
  return found;
};

export const reply = ({ id, legacy }: Request, answer: Document): Buffer => {
  const body = BSON.serialize(answer, { ignoreUndefined: true });
  const head = Buffer.alloc(legacy ? 36 : 21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(id, 8);
  head.writeInt32LE(legacy ? OP_REPLY : OP_MSG, 12);
  if (legacy) head.writeInt32LE(1, 32);
  return Buffer.concat([head, body]);
};
