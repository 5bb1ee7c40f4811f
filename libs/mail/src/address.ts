const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const localPart = new RegExp(`^${atom}(?:\\.${atom})*$`);
const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * One plain address: dot-atom, `@`, a domain of at least `labels` A-labels; at most 254 characters. No quotes, comments,
 * routes, groups, lists or address literals, so nothing in it can name a second recipient.
 */
export const isPlainAddress = (address: string, { labels: least = 2 } = {}): boolean => {
  if (address.length > 254) return false;
  const at = address.indexOf('@');
  const local = address.slice(0, at);
  const labels = address.slice(at + 1).split('.');
  return (
    at > 0 &&
    local.length <= 64 &&
    localPart.test(local) &&
    labels.length >= least &&
    labels.every((part) => label.test(part)) &&
    !/^\d+$/.test(labels.at(-1) as string)
  );
};
