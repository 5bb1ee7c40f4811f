import { IsArray, IsInt, IsOptional, IsString, Max, MaxLength } from 'class-validator';
import { OneOf, Text } from '#http';

/** Farther would leave the four-digit years that times are compared by. */
const TEN_YEARS_MS = 315_360_000_000;

export class ZoneRecordBody {
  @IsOptional() @IsArray() @Text({ min: 0, max: 4_096, each: true }) values?: string[];
  @IsOptional() @OneOf(['servfail', 'timeout']) fault?: 'servfail' | 'timeout';
}

export class ZoneHostBody {
  @IsOptional() @Text({ max: 1_024 }) path?: string;
  @IsOptional() @IsString() @MaxLength(16_384) content?: string;
  @IsOptional() @OneOf(['tls', 'timeout', 'error_500']) fault?: 'tls' | 'timeout' | 'error_500';
}

export class AdvanceClockBody {
  @IsInt() @Max(TEN_YEARS_MS) milliseconds!: number;
}

export class MailQuery {
  @IsOptional() @Text({ max: 254 }) to?: string;
  @IsOptional() @Text({ max: 100 }) kind?: string;
}
