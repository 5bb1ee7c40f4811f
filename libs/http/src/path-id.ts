import { Param, type PipeTransform } from '@nestjs/common';
import { idPattern } from './fields.ts';
import { nothingHere } from './problem.ts';

export class IdPipe implements PipeTransform<unknown, string> {
  readonly pattern: RegExp;
  constructor(prefix: string) {
    this.pattern = idPattern(prefix);
  }
  transform(value: unknown): string {
    if (typeof value === 'string' && this.pattern.test(value)) return value;
    throw nothingHere();
  }
}

/** A path parameter that is an id; one that cannot be answers as one that is not there: 404. */
export const PathId = (name: string, prefix: string): ParameterDecorator =>
  Param(name, new IdPipe(prefix)) as ParameterDecorator;
