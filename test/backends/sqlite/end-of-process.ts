// Uses a cache in each way and leaves it open: `end-of-process.ts <file> <by-itself|killed>`.
import { DatabaseSessionCache, InMemorySessionCache, openDatabase } from '../../../src/index.ts';

const [file, how] = process.argv.slice(2) as [string, string];
const database = await openDatabase(file);
for (const cache of [new DatabaseSessionCache(database), new InMemorySessionCache()]) {
  cache.set('set', { userId: 7 }, 3600);
  cache.set('revoked', { userId: 7 }, 3600);
  cache.touch('set', 7200);
  await cache.getOrLoad('loaded', () => ({ session: { userId: 8 }, ttlSeconds: 3600 }));
  cache.invalidate('revoked');
  await cache.purgeExpired();
}
if (how === 'killed') process.kill(process.pid, 'SIGKILL');
