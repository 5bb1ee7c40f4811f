import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsoTimeOrPosition, Position, Text } from './fields.ts';

/** Every read takes these. */
export class ReadQuery {
  /** ISO 8601 time or position to read at. */
  @IsOptional() @IsoTimeOrPosition() asOf?: string;
  /** Wait until the read model has reached this position. */
  @IsOptional() @Position() minPosition?: string;
}

/** Every list takes these; a list adds its filters, its `sort` (`@SortBy`) and `search` (`@Text`). */
export class ListQuery extends ReadQuery {
  @IsOptional() @IsInt() @Min(1) @Max(200) limit?: number = 50;
  @IsOptional() @Text({ max: 4_096 }) cursor?: string;
}
