const DAY_MS = 86_400_000;

/** ISO 8601 in, ISO 8601 out: what is so many days after a time that is given, never after the machine's. */
export const daysAfter = (time: string, days: number): string =>
  new Date(Date.parse(time) + days * DAY_MS).toISOString();
