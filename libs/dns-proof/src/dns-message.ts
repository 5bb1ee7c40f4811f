/** RFC 1035 messages, as much as a careful reader of A, AAAA, CNAME and TXT needs. */
export const recordTypes = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const;
export type RecordType = keyof typeof recordTypes;

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly truncated: boolean;
  /** With the upper bits of an OPT record. */
  readonly code: number;
  readonly question: string;
  /** True: it answers something, if not in a type or class that is known here. */
  readonly answered: boolean;
  readonly answers: readonly DnsRecord[];
}

export interface DnsRecord {
  /** Lower case, without a dot at the end. */
  readonly name: string;
  readonly type: RecordType;
  /** An address, a name, or the strings of a TXT record joined. */
  readonly value: string;
}

/** What a response must repeat. */
export const questionKey = (name: string, type: RecordType): string => `${name} ${recordTypes[type]} 1`;

/** One question, recursion desired, no EDNS: whatever is longer than 512 bytes comes over TCP. */
export const encodeQuery = (id: number, name: string, type: RecordType): Buffer => {
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')]);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, recordTypes[type], 0, 1)]);
};

/** Records of other types and classes are left out. @throws RangeError on anything that is not a whole message. */
export const decodeMessage = (bytes: Buffer): DnsMessage => {
  const flags = bytes.readUInt16BE(2);
  const reader = new Reader(bytes, 12);
  const questions = Array.from({ length: bytes.readUInt16BE(4) }, () => reader.question());
  const answers: DnsRecord[] = [];
  let upperCode = 0;
  const counts = [bytes.readUInt16BE(6), bytes.readUInt16BE(8), bytes.readUInt16BE(10)];
  counts.forEach((count, section) => {
    for (let i = 0; i < count; i++) {
      const { kind, ttl, record } = reader.record();
      if (kind === optRecord) upperCode = ttl >>> 24;
      else if (section === 0 && record) answers.push(record);
    }
  });
  return {
    id: bytes.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    truncated: (flags & 0x0200) !== 0,
    code: (upperCode << 4) | (flags & 15),
    question: questions.join(),
    answered: bytes.readUInt16BE(6) > 0,
    answers,
  };
};

const optRecord = 41;
const typeNames = new Map<number, RecordType>(
  Object.entries(recordTypes).map(([name, code]) => [code, name as RecordType]),
);

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  question(): string {
    const name = this.#name();
    return `${name} ${this.#number(2)} ${this.#number(2)}`;
  }

  record(): { kind: number; ttl: number; record: DnsRecord | undefined } {
    const name = this.#name();
    const kind = this.#number(2);
    const internet = this.#number(2) === 1;
    const ttl = this.#number(4);
    const length = this.#number(2);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('a record runs over the end');
    const type = internet ? typeNames.get(kind) : undefined;
    const record = type && { name, type, value: this.#value(type, end) };
    if (record && this.#at !== end) throw new RangeError('a value has another length than said');
    this.#at = end;
    return { kind, ttl, record };
  }

  #value(type: RecordType, end: number): string {
    switch (type) {
      case 'CNAME':
        return this.#name();
      case 'A':
        return Array.from({ length: 4 }, () => this.#number(1)).join('.');
      case 'AAAA':
        return Array.from({ length: 8 }, () => this.#number(2).toString(16)).join(':');
      case 'TXT': {
        let text = '';
        while (this.#at < end) text += this.#text(this.#number(1));
        return text;
      }
    }
  }

  /** Pointers lead backwards only, so every name ends. */
  #name(): string {
    const labels: string[] = [];
    let earliest = this.#at;
    let after: number | undefined;
    for (let size = 0; ; ) {
      const length = this.#number(1);
      if (length === 0) break;
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | this.#number(1);
        after ??= this.#at;
        if (target >= earliest) throw new RangeError('a pointer leads forward');
        earliest = target;
        this.#at = target;
        continue;
      }
      size += length + 1;
      if (length > 63 || size > 254) throw new RangeError('a name is too long');
      labels.push(this.#text(length).toLowerCase().replaceAll('.', '\\.'));
    }
    this.#at = after ?? this.#at;
    return labels.join('.');
  }

  #number(length: number): number {
    const value = this.#bytes.readUIntBE(this.#at, length);
    this.#at += length;
    return value;
  }

  #text(length: number): string {
    if (this.#at + length > this.#bytes.length) throw new RangeError('a string runs over the end');
    this.#at += length;
    return this.#bytes.toString('latin1', this.#at - length, this.#at);
  }
}
