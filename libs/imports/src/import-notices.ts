import { Injectable } from '@nestjs/common';
import { Outbox } from '#mail';
import { MailBell } from '#notifications';
import type { Import } from './import.ts';
import { ImportReport } from './report.ts';

const AT_ONCE = 200;

/** IMP-02: everybody who was selected is written to. */
@Injectable()
export class ImportNotices {
  readonly #report: ImportReport;
  readonly #outbox: Outbox;
  readonly #bell: MailBell;

  constructor(report: ImportReport, outbox: Outbox, bell: MailBell) {
    this.#report = report;
    this.#outbox = outbox;
    this.#bell = bell;
  }

  /** The same again is the same mails. @returns how many */
  async queue(state: Exclude<Import, { status: 'unknown' | 'reporting' }>): Promise<number> {
    const { importId } = state;
    const event = { stream: `import-${importId}`, revision: 0, id: '' };
    let people = 0;
    let entries: Parameters<Outbox['enqueue']>[0][number][] = [];
    for await (const { person } of this.#report.chosen(state)) {
      const { userId } = person;
      people += 1;
      entries.push({
        _id: `${importId}.${userId}`,
        kind: 'import_notice',
        event,
        references: { userId },
      });
      if (entries.length < AT_ONCE) continue;
      await this.#outbox.enqueue(entries);
      entries = [];
    }
    await this.#outbox.enqueue(entries);
    this.#bell.ring();
    return people;
  }
}
