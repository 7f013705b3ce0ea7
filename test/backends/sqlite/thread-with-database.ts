// A worker thread that opens a database and reads a session from it. It ends when it is told to, and closes the
// database before only if it is told that.
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';

const { file } = workerData as { file: string };
const database = await openDatabase(file, { changeWatch: 'wal-index' });
const cache = new DatabaseSessionCache(database);
parentPort?.on('message', (told: 'read' | 'end' | 'close and end') => {
  if (told === 'read') parentPort?.postMessage(cache.get('token'));
  if (told === 'close and end') database.close();
  if (told !== 'read') parentPort?.close();
});
parentPort?.postMessage(cache.get('token'));
