// Holds a lease, and starts a process that has what it inherits and outlives it. It tells its parent that one's id.
import { spawn } from 'node:child_process';
import { DatabaseLeaseStore, openDatabase } from '../../../src/index.ts';

const { file } = JSON.parse(process.argv[2] ?? '') as { file: string };
const database = await openDatabase(file);
await new DatabaseLeaseStore(database).acquire('lease', { durationSeconds: 60 });
const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
process.on('disconnect', () => process.exit());
process.send?.(child.pid);
