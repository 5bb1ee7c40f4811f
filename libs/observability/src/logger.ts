import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

const secret = [
  'authorization',
  'cookie',
  'email',
  'password',
  'newPassword',
  'currentPassword',
  'secret',
  'token',
];

/**
 * JSON lines on standard output, times in ISO 8601. Fields with these names are blanked on the first three levels:
 * a safety net; whoever logs passes none of them.
 */
export const createLogger = (
  { logLevel }: { readonly logLevel: string },
  destination?: DestinationStream,
): Logger =>
  pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
