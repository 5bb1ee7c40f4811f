const DAY_MS = 86_400_000;

/** ISO 8601 in, ISO 8601 out: what is so long after a time that is given, never after the machine's. */
export const laterBy = (time: string, milliseconds: number): string =>
  new Date(Date.parse(time) + milliseconds).toISOString();

export const daysAfter = (time: string, days: number): string => laterBy(time, days * DAY_MS);
