import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncFolder } from './sync-folder.ts';

/** The file cannot be used as it is. Nothing was changed in it. */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile';
}

export interface Identity {
  /** Four letters as a number: whose file it is. */
  readonly applicationId: number;
  readonly schemaVersion: number;
}

const HEADER = 100;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** The file appears under its name only when it is whole: one without bytes is never ours. @throws UnusableFile */
export const createFile = (path: string, { applicationId, schemaVersion }: Identity): void => {
  if (existsSync(`${path}-wal`))
    throw new UnusableFile(`${path} is missing, its write-ahead log is there; restore it from a backup`);
  const unnamed = `${path}.new`;
  for (const left of [unnamed, `${unnamed}-journal`]) rmSync(left, { force: true });
  const database = new DatabaseSync(unnamed);
  try {
    database.exec(
      `PRAGMA synchronous=FULL; PRAGMA page_size=8192; PRAGMA application_id=${applicationId}; PRAGMA user_version=${schemaVersion}`,
    );
  } finally {
    database.close();
  }
  renameSync(unnamed, path);
  syncFolder(dirname(path));
};

/**
 * Reads the bytes before the engine may: the engine would play back or set aside what it finds beside a file, whoever's
 * it is. @throws UnusableFile
 */
export const refuseUnsound = (path: string, { applicationId, schemaVersion }: Identity): void => {
  const { size, header } = beginning(path);
  if (size === 0) throw new UnusableFile(`${path} is torn: it is empty; restore it from a backup`);
  if (header.toString('latin1', 0, Math.min(16, size)) !== 'SQLite format 3\0'.slice(0, size))
    throw new UnusableFile(`${path} is not a database file; it is left untouched`);
  if (size < HEADER) throw new UnusableFile(`${path} is torn: only ${size} bytes; restore it from a backup`);
  if (header.readInt32BE(68) !== applicationId)
    throw new UnusableFile(
      `${path} was written by another program or is another store's; it is left untouched`,
    );
  const stored = header.readInt32BE(60);
  if (stored !== schemaVersion)
    throw new UnusableFile(
      `${path} has schema version ${stored}, this release reads ${schemaVersion}; it is left untouched`,
    );
  refuseTorn(path, size, header);
};

const beginning = (path: string): { size: number; header: Buffer } => {
  try {
    const status = statSync(path);
    if (!status.isFile()) throw new UnusableFile(`${path} is not a file; it is left untouched`);
    const header = Buffer.alloc(HEADER);
    const file = openSync(path, 'r');
    try {
      readSync(file, header, 0, HEADER, 0);
    } finally {
      closeSync(file);
    }
    return { size: status.size, header };
  } catch (error) {
    if (error instanceof UnusableFile) throw error;
    throw new UnusableFile(`${path} cannot be read: ${(error as Error).message}`);
  }
};

/** A shorter file is whole only when the write-ahead log holds every page that is missing (a checkpoint was cut short). */
const refuseTorn = (path: string, size: number, header: Buffer): void => {
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const whole = Math.floor(size / pageSize);
  const stated = header.readUInt32BE(28);
  if (whole >= stated) return;
  const logged = committedPages(`${path}-wal`, pageSize);
  const pages = logged.count || stated;
  for (let page = whole + 1; page <= pages; page += 1)
    if (!logged.pages.has(page))
      throw new UnusableFile(
        `${path} is torn: ${size} bytes of ${pages * pageSize}; restore it from a backup`,
      );
};

/** Pages in the committed part of a write-ahead log, as recovery would find them, and the size it ends with. */
const committedPages = (path: string, pageSize: number): { pages: Set<number>; count: number } => {
  const pages = new Set<number>();
  const nothing = { pages, count: 0 };
  if (!existsSync(path)) return nothing;
  const log = readFileSync(path);
  if (log.length < WAL_HEADER || log.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1) return nothing;
  if (log.readUInt32BE(8) !== pageSize) return nothing;
  const sum = checksum(log.readUInt32BE(0) % 2 === 1, log);
  sum.add(0, 24);
  if (!sum.matches(24)) return nothing;
  let count = 0;
  let uncommitted: number[] = [];
  for (let at = WAL_HEADER; at + FRAME_HEADER + pageSize <= log.length; at += FRAME_HEADER + pageSize) {
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0) break;
    sum.add(at, 8);
    sum.add(at + FRAME_HEADER, pageSize);
    if (!sum.matches(at + 16)) break;
    uncommitted.push(log.readUInt32BE(at));
    const committed = log.readUInt32BE(at + 4);
    if (committed === 0) continue;
    count = committed;
    for (const page of uncommitted) pages.add(page);
    uncommitted = [];
  }
  return { pages, count };
};

/** The running checksum of SQLite's write-ahead log ("WAL Checksum Algorithm" of its file format). */
const checksum = (bigEndian: boolean, log: Buffer) => {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let first = 0;
  let second = 0;
  return {
    add(from: number, length: number): void {
      for (let at = from; at < from + length; at += 8) {
        first = (first + view.getUint32(at, !bigEndian) + second) >>> 0;
        second = (second + view.getUint32(at + 4, !bigEndian) + first) >>> 0;
      }
    },
    matches: (at: number): boolean => first === view.getUint32(at) && second === view.getUint32(at + 4),
  };
};
