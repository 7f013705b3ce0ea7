import { expect, test } from 'vitest';
import { SessionStore } from '../../../src/backends/sqlite/session-store.ts';
import { openDatabase } from '../../../src/index.ts';
import { encodeSession } from '../../../src/session-values/encode-session.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** Hashes of two tokens that begin alike: to find a pair takes some 2^32 tokens, so they are made up. */
const first = Buffer.alloc(32, 'aaaaaaaa1');
const second = Buffer.alloc(32, 'aaaaaaaa2');
const ofAda = encodeSession({ userId: 'ada' });
const ofBob = encodeSession({ userId: 'bob' });

async function openStore() {
  const folder = new TemporaryFolder();
  const database = await openDatabase(folder.file('a.db'));
  const close = () => {
    database.close();
    folder[Symbol.dispose]();
  };
  return { database, store: new SessionStore(database), [Symbol.dispose]: close };
}

test('one session is never taken for another whose hash begins alike', async () => {
  using opened = await openStore();
  const { store } = opened;
  store.put(first, ofAda, 60);
  expect(store.find(second)).toBe(null);
  expect(store.findLife(second)).toBe(null);
  expect(store.extend(second, 120)).toBe(null);
  expect(store.delete(second, 'process-crash')).toBe(false);
  expect(store.find(first)?.userId).toBe('ada');
});

test('the later of two whose hashes begin alike takes the place of the other, in every index and memory', async () => {
  using opened = await openStore();
  const { database, store } = opened;
  store.put(first, ofAda, 60);
  const createdAt = store.list('ada')[0]?.createdAt;
  store.put(second, ofBob, 60);
  expect(store.find(first)).toBe(null);
  expect(store.find(second)?.userId).toBe('bob');
  expect(store.list('ada')).toEqual([]);
  expect(store.list('bob')).toHaveLength(1);
  expect(createdAt).toBeTypeOf('number');
  const logged = database.connection
    .prepare('select token_hash from onehost_session_changes order by seq desc limit 1')
    .pluck()
    .get();
  expect(logged, 'others may hold the one that was replaced').toEqual(first);
});

test('a life that goes on is that of the same token', async () => {
  using opened = await openStore();
  const { database, store } = opened;
  store.put(first, ofAda, 60);
  database.connection.exec('update onehost_sessions set created_at = 1');
  store.put(second, ofAda, 60);
  expect(store.list('ada')[0]?.createdAt).toBeGreaterThan(1);
});
