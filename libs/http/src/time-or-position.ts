/** Positions are opaque to callers; every one we hand out looks like this. */
export const positionPattern = /^\d{1,16}$/;

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** ISO 8601 with seconds and a zone; a date that does not exist (30 February) is no time. */
export const isTime = (value: unknown): value is string => {
  if (typeof value !== 'string' || !timePattern.test(value)) return false;
  const [year, month, day] = value.slice(0, 10).split('-').map(Number) as [number, number, number];
  return (
    !Number.isNaN(Date.parse(value)) &&
    month >= 1 &&
    day >= 1 &&
    day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
  );
};

export const isTimeOrPosition = (value: unknown): value is string =>
  isTime(value) || (typeof value === 'string' && positionPattern.test(value));
