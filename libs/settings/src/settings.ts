/** A setting stops the start: one sentence that names it. */
export class WrongSetting extends Error {
  override readonly name = 'WrongSetting';
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface Settings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly dataDir: string;
  readonly eventStoreUrl: string | undefined;
  readonly mongodbUrl: string | undefined;
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string;
  /** No trailing slash. Undefined: `http://HOST:PORT`, once the port is known. */
  readonly publicUrl: string | undefined;
  /** `host` or `host:port`; empty: the system's resolvers. */
  readonly dnsServers: readonly string[];
  readonly masterKeyFile: string | undefined;
  readonly invitationDays: number;
  readonly pendingInvitations: number;
  readonly connectionsPerAddress: number;
  /** With `oidcAudience`: access tokens of this provider are taken. */
  readonly oidcIssuer: string | undefined;
  readonly oidcAudience: string | undefined;
  readonly rateLimits: boolean;
  readonly sandbox: boolean;
  readonly role: 'all' | 'api';
  readonly logLevel: LogLevel;
}

interface Row<T> {
  readonly name: string;
  /** As a person writes it; undefined when there is none. */
  readonly fallback?: string;
  /** For the README, where the default is not a plain value. */
  readonly shownDefault?: string;
  readonly meaning: string;
  /** @returns the value, or what is wrong with the text: "must be …". */
  readonly read: (text: string) => T | Wrong;
}

class Wrong {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

const text = (value: string): string => value;

const wholeNumber =
  (min: number, max: number) =>
  (value: string): number | Wrong => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max
      ? number
      : new Wrong(`must be a whole number from ${min} to ${max}`);
  };

const oneOf =
  <T extends string>(...allowed: readonly T[]) =>
  (value: string): T | Wrong =>
    allowed.includes(value as T)
      ? (value as T)
      : new Wrong(`must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`);

const onOff = (value: string): boolean | Wrong =>
  value === 'on' ? true : value === 'off' ? false : new Wrong('must be on or off');

const url =
  (...schemes: readonly string[]) =>
  (value: string): string | Wrong =>
    schemes.some((scheme) => value.startsWith(`${scheme}://`)) && !/[\s\p{Cc}]/u.test(value)
      ? value
      : new Wrong(`must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);

const publicUrl = (value: string): string | Wrong => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  return parsed &&
    ['http:', 'https:'].includes(parsed.protocol) &&
    !(parsed.username || parsed.password || parsed.search || parsed.hash)
    ? parsed.href.replace(/\/+$/, '')
    : new Wrong('must be an http:// or https:// URL without user, query or fragment');
};

/** Over http only on this machine. */
const issuerUrl = (value: string): string | Wrong => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const safe = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname));
  return parsed && safe && !(parsed.username || parsed.password || parsed.search || parsed.hash)
    ? value
    : new Wrong('must be an https:// URL without user, query or fragment');
};

const hostPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/;

const host = (value: string): string | Wrong =>
  hostPattern.test(value) ? value : new Wrong('must be a host name or an IP address');

const dnsServers = (value: string): readonly string[] | Wrong => {
  const servers = value.split(',').map((server) => server.trim());
  const pattern = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/;
  return servers.every((server) => {
    const found = pattern.exec(server);
    return found !== null && Number(found[1] ?? 53) > 0 && Number(found[1] ?? 53) <= 65_535;
  })
    ? Object.freeze(servers)
    : new Wrong('must be a comma-separated list of host or host:port');
};

const mailFrom = (value: string): string | Wrong =>
  /^[^\s@<>,;:"()\p{Cc}]+@[^\s@<>,;:"()\p{Cc}]+$/u.test(value) && value.length <= 254
    ? value
    : new Wrong('must be one bare e-mail address');

const rows = {
  host: { name: 'HOST', fallback: '127.0.0.1', meaning: 'Address to listen on.', read: host },
  port: {
    name: 'PORT',
    fallback: '4000',
    meaning: 'Port to listen on; 0 takes any free one and prints it.',
    read: wholeNumber(0, 65_535),
  },
  dataDir: {
    name: 'ORGLEDGER_DATA_DIR',
    fallback: './data',
    meaning: 'Folder of the embedded stores and of the sandbox.',
    read: text,
  },
  eventStoreUrl: {
    name: 'EVENTSTORE_URL',
    meaning: 'EventStoreDB cluster (esdb://…); without it events are kept in the data folder.',
    read: url('esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'),
  },
  mongodbUrl: {
    name: 'MONGODB_URL',
    meaning: 'MongoDB replica set (mongodb://…); without it read models are kept in the data folder.',
    read: url('mongodb', 'mongodb+srv'),
  },
  smtpUrl: {
    name: 'SMTP_URL',
    meaning: 'Mail server (smtp:// or smtps://); without it the sandbox keeps the mail.',
    read: url('smtp', 'smtps'),
  },
  mailFrom: {
    name: 'ORGLEDGER_MAIL_FROM',
    fallback: 'orgledger@localhost',
    meaning: 'Sender of every mail.',
    read: mailFrom,
  },
  publicUrl: {
    name: 'ORGLEDGER_PUBLIC_URL',
    shownDefault: 'http://HOST:PORT',
    meaning: 'Where people reach the console; every link in a mail starts with it.',
    read: publicUrl,
  },
  dnsServers: {
    name: 'ORGLEDGER_DNS_SERVERS',
    shownDefault: "the system's",
    meaning: 'Resolvers for domain proofs: host or host:port, separated by commas.',
    read: dnsServers,
  },
  masterKeyFile: {
    name: 'ORGLEDGER_MASTER_KEY_FILE',
    shownDefault: 'a file in the data folder',
    meaning: 'File with the key that wraps the keys of personal data.',
    read: text,
  },
  invitationDays: {
    name: 'ORGLEDGER_INVITATION_DAYS',
    fallback: '7',
    meaning: 'Days an invitation stays open, 1 to 30.',
    read: wholeNumber(1, 30),
  },
  pendingInvitations: {
    name: 'ORGLEDGER_PENDING_INVITATIONS',
    fallback: '100',
    meaning: 'Pending invitations an organization may have, 1 to 1,000,000,000.',
    read: wholeNumber(1, 1_000_000_000),
  },
  connectionsPerAddress: {
    name: 'ORGLEDGER_CONNECTIONS_PER_ADDRESS',
    fallback: '500',
    meaning:
      'Connections, of 2,000, that one address may hold, 1 to 2,000; loopback may hold all, and so must a proxy elsewhere.',
    read: wholeNumber(1, 2_000),
  },
  oidcIssuer: {
    name: 'ORGLEDGER_OIDC_ISSUER',
    meaning:
      'Identity provider whose access tokens are taken (https://…); together with ORGLEDGER_OIDC_AUDIENCE.',
    read: issuerUrl,
  },
  oidcAudience: {
    name: 'ORGLEDGER_OIDC_AUDIENCE',
    meaning: 'What those tokens must be made for.',
    read: text,
  },
  rateLimits: {
    name: 'ORGLEDGER_RATE_LIMITS',
    fallback: 'on',
    meaning: 'on or off; off only with the sandbox.',
    read: onOff,
  },
  sandbox: {
    name: 'ORGLEDGER_SANDBOX',
    shownDefault: 'on for a loopback HOST without servers',
    meaning:
      'on or off: mailbox, zone and movable clock at /sandbox. Never beside EVENTSTORE_URL, MONGODB_URL, SMTP_URL, ORGLEDGER_DNS_SERVERS or a HOST that others can reach.',
    read: onOff,
  },
  role: {
    name: 'ORGLEDGER_ROLE',
    fallback: 'all',
    meaning:
      'all: this process also runs the worker; api: it does not (only with EVENTSTORE_URL and MONGODB_URL).',
    read: oneOf('all', 'api'),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    fallback: 'info',
    meaning: 'fatal, error, warn, info, debug, trace or silent.',
    read: oneOf<LogLevel>('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
} satisfies Record<keyof Settings, Row<unknown>>;

/** The settings from the environment; an empty variable counts as absent. @throws WrongSetting */
export const readSettings = (env: NodeJS.ProcessEnv): Settings => {
  refuseUnknown(env);
  const value = <T>(row: Row<T>): T | undefined => {
    const written = env[row.name] || row.fallback;
    if (written === undefined) return undefined;
    const read = row.read(written);
    if (read instanceof Wrong) throw new WrongSetting(`${row.name} ${read.why}.`);
    return read;
  };
  const host = value<string>(rows.host)!;
  const servers = [rows.eventStoreUrl, rows.mongodbUrl, rows.smtpUrl, rows.dnsServers].filter(
    ({ name }) => env[name],
  );
  const sandbox = value<boolean>(rows.sandbox);
  if (sandbox && servers.length > 0)
    throw new WrongSetting(`ORGLEDGER_SANDBOX cannot be on beside ${servers[0]?.name}.`);
  if (sandbox && !isLoopback(host))
    throw new WrongSetting(`ORGLEDGER_SANDBOX cannot be on while HOST ${host} can be reached by others.`);
  const settings: Settings = {
    host,
    port: value<number>(rows.port)!,
    dataDir: value<string>(rows.dataDir)!,
    eventStoreUrl: value<string>(rows.eventStoreUrl),
    mongodbUrl: value<string>(rows.mongodbUrl),
    smtpUrl: value<string>(rows.smtpUrl),
    mailFrom: value<string>(rows.mailFrom)!,
    publicUrl: value<string>(rows.publicUrl),
    dnsServers: value<readonly string[]>(rows.dnsServers) ?? Object.freeze([]),
    masterKeyFile: value<string>(rows.masterKeyFile),
    invitationDays: value<number>(rows.invitationDays)!,
    pendingInvitations: value<number>(rows.pendingInvitations)!,
    connectionsPerAddress: value<number>(rows.connectionsPerAddress)!,
    oidcIssuer: value<string>(rows.oidcIssuer),
    oidcAudience: value<string>(rows.oidcAudience),
    rateLimits: value<boolean>(rows.rateLimits)!,
    sandbox: sandbox ?? (isLoopback(host) && servers.length === 0),
    role: value<'all' | 'api'>(rows.role)!,
    logLevel: value<LogLevel>(rows.logLevel)!,
  };
  if (!settings.oidcIssuer !== !settings.oidcAudience)
    throw new WrongSetting(
      'ORGLEDGER_OIDC_ISSUER and ORGLEDGER_OIDC_AUDIENCE are set together or not at all.',
    );
  if (!settings.rateLimits && !settings.sandbox)
    throw new WrongSetting('ORGLEDGER_RATE_LIMITS can be off only with the sandbox.');
  if (settings.role === 'api' && !(settings.eventStoreUrl && settings.mongodbUrl))
    throw new WrongSetting('ORGLEDGER_ROLE can be api only with both EVENTSTORE_URL and MONGODB_URL.');
  return Object.freeze(settings);
};

/** The rows of the README's table, in order. */
export const settingsTable = (): readonly { name: string; default: string; meaning: string }[] =>
  (Object.values(rows) as readonly Row<unknown>[]).map(({ name, fallback, shownDefault, meaning }) => ({
    name,
    default: fallback ?? shownDefault ?? 'none',
    meaning,
  }));

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);

const refuseUnknown = (env: NodeJS.ProcessEnv): void => {
  const known = Object.values(rows).map(({ name }) => name);
  const unknown = Object.keys(env).find((name) => name.startsWith('ORGLEDGER_') && !known.includes(name));
  if (unknown === undefined) return;
  const distance = (name: string): number =>
    Math.min(editDistance(unknown, name), editDistance(unknown, `ORGLEDGER_${name}`));
  const nearest = known.reduce((best, name) => (distance(name) < distance(best) ? name : best));
  throw new WrongSetting(`${unknown} is not a setting; did you mean ${nearest}?`);
};

const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
};
