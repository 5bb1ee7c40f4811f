import { Injectable } from '@nestjs/common';
import type { Holder } from '#claims';
import { Execution } from '#commands';
import { ImportLiveness } from '#merges';
import { organizationImport } from './import.ts';

@Injectable()
export class RunningImports extends ImportLiveness {
  readonly #execution: Execution;

  constructor(execution: Execution) {
    super();
    this.#execution = execution;
  }

  async judge(importId: string): Promise<Holder> {
    const { state } = await this.#execution.load(organizationImport, importId);
    if (state.status === 'running') return 'alive';
    return state.status === 'completed' ? 'dead' : 'unknown';
  }
}
