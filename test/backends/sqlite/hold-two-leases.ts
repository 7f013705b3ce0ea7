// Holds two leases until it is killed: `hold-two-leases.ts <file>`.
import { DatabaseLeaseStore, openDatabase } from '../../../src/index.ts';

const [file] = process.argv.slice(2) as [string];
process.on('disconnect', () => process.exit());
const leases = new DatabaseLeaseStore(await openDatabase(file));
await leases.acquire('first', { durationSeconds: 600 });
await leases.acquire('second', { durationSeconds: 600 });
process.send?.('holds them');
