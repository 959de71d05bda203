// Starts the filled relay and keeps it running: usage: node test/filled/serve.ts; it prints where, and stops at Ctrl-C.
import process from 'node:process';
import { startFilled } from './relay.ts';

const { relay, close } = await startFilled();
console.log(`http://127.0.0.1:${relay.ports.http}/ – admin, ${relay.adminPassword}`);
console.log(`Its log is ${relay.logFile}.`);
process.once('SIGINT', () => void close().then(() => process.exit(0)));
process.once('SIGTERM', () => void close().then(() => process.exit(0)));
