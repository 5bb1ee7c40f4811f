/** The stand-in for EventStoreDB in a process of its own; says where it listens. */
import { startEventStoreDbServer } from '../servers/eventstoredb-server.ts';

const server = await startEventStoreDbServer();
process.stdout.write(`ready on ${server.url}\n`);
process.on('SIGTERM', () => server.close().then(() => process.exit(0)));
