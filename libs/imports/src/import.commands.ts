import { createHash, type Hash } from 'node:crypto';
import { IsBoolean, IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { IsId, ListOf, Text } from '#http';
import { readUpload, type Upload } from './upload.ts';

/** IMP-03. */
export class RequestImport extends OrgledgerCommand {
  organizationId!: string;
  @IsId('dom', { each: true }) @ListOf({ min: 1, max: 100 }) domainIds!: string[];
}

/** IMP-08: the report with rows removed. What the file holds stands beside the command, its digest in it. */
export class SelectImportRows extends OrgledgerCommand {
  organizationId!: string;
  importId!: string;
  digest!: string;
  #upload: Upload = { line: 1, reason: 'header_missing' };

  get upload(): Upload {
    return this.#upload;
  }

  static async reading(pieces: AsyncIterable<Buffer>): Promise<SelectImportRows> {
    const command = new SelectImportRows();
    const digest = createHash('sha256');
    const passing = digested(pieces, digest);
    const next = () => passing.next();
    command.#upload = await readUpload({ [Symbol.asyncIterator]: () => ({ next }) });
    // Of a file that is refused early the rest belongs to its digest too.
    while (!(await next()).done);
    command.digest = digest.digest('hex');
    return command;
  }
}

async function* digested(pieces: AsyncIterable<Buffer>, digest: Hash): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) {
    digest.update(piece);
    yield piece;
  }
}

/** IMP-02: optional, recommended. */
export class NotifyImportUsers extends OrgledgerCommand {
  organizationId!: string;
  importId!: string;
}

/** ACK-06. */
export class StartImport extends OrgledgerCommand {
  organizationId!: string;
  importId!: string;
  @IsOptional() @Text({ max: 100, each: true }) @ListOf({ max: 20 }) acknowledgements?: string[];
}

/** IMP-01: whoever runs the product says so. */
export class EnableBulkImport extends OrgledgerCommand {
  organizationId!: string;
  @IsBoolean() enabled!: boolean;
}

/** The product's own: an import has something to do. */
export class ContinueImport extends OrgledgerCommand {
  importId!: string;
}
