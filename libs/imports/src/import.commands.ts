import { createHash } from 'node:crypto';
import { IsBoolean, IsOptional } from 'class-validator';
import { OrgledgerCommand } from '#commands';
import { IsId, ListOf, Text } from '#http';

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
  #file: Buffer = Buffer.alloc(0);

  get file(): Buffer {
    return this.#file;
  }

  static async reading(pieces: AsyncIterable<Buffer>): Promise<SelectImportRows> {
    const command = new SelectImportRows();
    const read: Buffer[] = [];
    for await (const piece of pieces) read.push(piece);
    command.#file = Buffer.concat(read);
    command.digest = createHash('sha256').update(command.#file).digest('hex');
    return command;
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
