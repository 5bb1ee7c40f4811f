// better-auth with its organization plugin on SQLite, over node:http: as it comes, with nothing between it and the caller
// but what it needs. Arguments: the file of its database, its secret.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { organization } from 'better-auth/plugins';
import Database from 'better-sqlite3';

const [file, secret] = process.argv.slice(2);
const database = new Database(file);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
const kept = ['journal_mode', 'synchronous'].map((name) => database.pragma(name, { simple: true }));
if (kept.join() !== 'wal,2') throw new Error(`the database keeps ${kept}, not WAL and FULL`);

// Callers take turns with the product, so a connection may rest for long.
const server = createServer({ keepAliveTimeout: 600_000 });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const options = {
  database,
  secret,
  baseURL: url,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    organization({
      invitationLimit: 10_000_000,
      membershipLimit: 10_000_000,
      sendInvitationEmail: async () => {},
    }),
  ],
};
await (await getMigrations(options)).runMigrations();
const { handler } = betterAuth(options);

const answer = async ({ method, url: path, headers }, body, response) => {
  const answered = await handler(new Request(`${url}${path}`, { method, headers, body }));
  const text = await answered.text();
  const head = [...answered.headers, ['content-length', String(Buffer.byteLength(text))]];
  response.writeHead(answered.status, head.flat()).end(text);
};
server.on('request', (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => answer(request, body || undefined, response));
});
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`journal_mode and synchronous are ${kept}; ready on ${url}\n`);
