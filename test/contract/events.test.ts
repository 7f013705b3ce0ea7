import { channel } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { DatabaseSessionCache, newSessionToken, openDatabase } from '../../src/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const NAMES = [
  'onehost:invalidated',
  'onehost:fill-refused',
  'onehost:near-cache-dropped',
  'onehost:purged',
];

test('what happens is told on diagnostics channels, without any token', async () => {
  const told: { name: string | symbol; event: unknown }[] = [];
  const listener = (event: unknown, name: string | symbol) => told.push({ name, event });
  for (const name of NAMES) channel(name).subscribe(listener);
  onTestFinished(() => {
    for (const name of NAMES) channel(name).unsubscribe(listener);
  });
  using folder = new TemporaryFolder();
  await using database = await openDatabase(folder.file('a.db'));
  const cache = new DatabaseSessionCache(database);
  const token = newSessionToken();
  cache.set(token, { userId: 7 }, 60);
  cache.invalidate(token);
  cache.invalidateByUser(7);
  let loads = 0;
  await cache.getOrLoad(token, () => {
    if (loads++ === 0) cache.invalidate(token);
    return { session: { userId: 7 }, ttlSeconds: 60 };
  });
  cache.clear();
  await cache.purgeExpired();
  expect(told).toEqual([
    { name: 'onehost:invalidated', event: { scope: 'token', removed: 1 } },
    { name: 'onehost:invalidated', event: { scope: 'user', removed: 0 } },
    { name: 'onehost:invalidated', event: { scope: 'token', removed: 0 } },
    { name: 'onehost:fill-refused', event: { attempt: 1 } },
    { name: 'onehost:near-cache-dropped', event: { reason: 'everything-invalidated' } },
    { name: 'onehost:invalidated', event: { scope: 'everything', removed: null } },
    // What was cleared.
    { name: 'onehost:purged', event: { removed: 1, complete: true } },
  ]);
  expect(JSON.stringify(told)).not.toContain(token);
});
