// Sets a session and invalidates it, or acquires a lease, and writes a line before and after the invalidation, to be found in
// a trace of the system calls: `invalidate-once.ts <file> <durability> <method>`.
import { writeSync } from 'node:fs';
import {
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type Durability,
  openDatabase,
  sessionIdOf,
} from '../../../src/index.ts';

const [file, revocationDurability, method] = process.argv.slice(2) as [string, Durability, string];
const database = await openDatabase(file);
const cache = new DatabaseSessionCache(database, { revocationDurability });
cache.set('token', { userId: 7 }, 60);
const id = sessionIdOf('token');
const leases = new DatabaseLeaseStore(database);
writeSync(1, 'the invalidation begins\n');
if (method === 'invalidate') cache.invalidate('token');
if (method === 'invalidateByUser') cache.invalidateByUser(7);
if (method === 'invalidateById') cache.invalidateById(7, id);
if (method === 'clear') cache.clear();
if (method === 'acquire') leases.tryAcquire('lease');
writeSync(1, 'the invalidation has returned\n');
database.close();
