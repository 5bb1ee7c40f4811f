import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
  validateSync,
} from 'class-validator';
import { IdMap, OneOf, Text } from './fields.ts';
import { ListQuery } from './list-query.ts';
import type { FieldError } from './problem.ts';
import { type Class, Shape } from './shape.ts';
import { isTime, isTimeOrPosition } from './time-or-position.ts';

class Address {
  @Text({ max: 10 }) city!: string;
}
class Person {
  @IsString() @MaxLength(5) name!: string;
  @IsOptional() @IsInt() @Min(1) @Max(9) age?: number;
  @IsOptional() @OneOf(['a', 'b'], { each: true }) tags?: string[];
  @ValidateNested() @Type(() => Address) address!: Address;
  @ValidateIf((person: Person) => person.age === 5) @IsString() guardian?: string;
  @IsOptional() @IdMap('acc', 'usr') owners?: Record<string, string>;
  server!: string;
}

const read = <T extends object>(target: Class<T>, value: unknown, from: 'body' | 'query' = 'body') => {
  const errors: FieldError[] = [];
  const instance = Shape.of(target).read(value, errors, from);
  return { instance, errors: errors.map(({ field, code }) => `${field} ${code}`) };
};
const valid = { name: 'Ada', address: { city: 'London' } };

describe('shape', () => {
  it('makes instances, nested ones too, and agrees with class-validator on them', () => {
    const { instance, errors } = read(Person, { ...valid, age: 9, tags: ['a'] });
    expect(errors).toEqual([]);
    expect(instance).toBeInstanceOf(Person);
    expect(instance?.address).toBeInstanceOf(Address);
    expect(validateSync(instance as object, { whitelist: true })).toEqual([]);
  });
  it.each([
    [{ ...valid, name: 'Ada Lovelace' }, ['name max_length']],
    [{ ...valid, age: 1.5 }, ['age is_int']],
    [{ ...valid, age: '5' }, ['age is_int']],
    [{ ...valid, age: null }, ['age is_int']],
    [{ ...valid, tags: 'a' }, ['tags choice_invalid']],
    [{ ...valid, tags: ['a', 'c'] }, ['tags choice_invalid']],
    [{ ...valid, address: { city: 'London', zip: 1 } }, ['address.zip unknown_field']],
    [{ ...valid, address: 'London' }, ['address object_expected']],
    [{ ...valid, age: 5 }, ['guardian required']],
    [{ ...valid, server: 'evil' }, ['server unknown_field']],
    [{ ...valid, constructor: 1 }, ['constructor unknown_field']],
    [[], ['body object_expected']],
    [null, ['body object_expected']],
  ])('%j: %j', (value, expected) => {
    const { instance, errors } = read(Person, value);
    expect(errors).toEqual(expected);
    expect(instance).toBeUndefined();
  });
  it('drops a field whose condition says no: nothing unchecked gets through', () => {
    expect(read(Person, { ...valid, guardian: { $gt: '' } }).instance?.guardian).toBeUndefined();
  });
  it('gives maps without a prototype', () => {
    const owners = { [`acc_${'a'.repeat(32)}`]: `usr_${'b'.repeat(32)}` };
    const map = read(Person, { ...valid, owners }).instance?.owners;
    expect(Object.getPrototypeOf(map)).toBeNull();
    expect({ ...map }).toEqual(owners);
  });
  it('converts text by declared type in queries only', () => {
    expect(read(ListQuery, { limit: '7' }, 'query').instance?.limit).toBe(7);
    expect(read(ListQuery, { limit: '7' }).errors).toEqual(['limit is_int']);
  });
  it('a class without rules takes nothing; a lost class is a bug', () => {
    class Nothing {}
    expect(read(Nothing, {}).instance).toBeInstanceOf(Nothing);
    expect(read(Nothing, { a: 1 }).errors).toEqual(['a unknown_field']);
    expect(() => Shape.of(Object as unknown as Class)).toThrow('class of its own');
    expect(() => Shape.of(undefined)).toThrow('class of its own');
  });
});

describe('times and positions', () => {
  it.each(['2026-02-28T00:00:00Z', '2026-02-28T23:59:59.999+02:00', '2024-02-29T00:00:00.000Z'])(
    '%s is a time',
    (time) => expect(isTime(time)).toBe(true),
  );
  it.each([
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:01:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01',
    'now',
    '',
    5,
  ])('%s is none', (time) => expect(isTime(time)).toBe(false));
  it('a position is digits only', () => {
    expect([
      isTimeOrPosition('17'),
      isTimeOrPosition('-1'),
      isTimeOrPosition('1e3'),
      isTimeOrPosition(17),
    ]).toEqual([true, false, false, false]);
  });
});
