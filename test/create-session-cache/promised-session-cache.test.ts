import { describe, expect, onTestFinished, test } from 'vitest';
import { PromisedSessionCache } from '../../src/create-session-cache/promised-session-cache.ts';
import { createSessionCache, InMemorySessionCache } from '../../src/index.ts';
import { ManualClock, sessionCacheConformance, type TestSession } from '../../src/testing/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

sessionCacheConformance(
  { describe, test },
  {
    name: 'what createSessionCache gives',
    capabilities: new InMemorySessionCache().capabilities,
    createStore: () => {
      const clock = new ManualClock();
      return {
        openCache: () => new PromisedSessionCache(new InMemorySessionCache<TestSession>({ clock })),
        advance: (seconds) => clock.advance(seconds),
        close: () => {},
      };
    },
  },
);

async function sessionsInFile() {
  const folder = new TemporaryFolder();
  const env = { APP_DATABASE_URL: folder.file('onehost.db') };
  const { sessions, close } = await createSessionCache({ prefix: 'APP', env });
  onTestFinished(async () => {
    await close();
    folder[Symbol.dispose]();
  });
  return sessions;
}

describe('sessions in a file, by createSessionCache', () => {
  test('answer with promises, so that a forgotten await shows before they are moved to a server', async () => {
    const sessions = await sessionsInFile();
    const answers = {
      get: sessions.get('token'),
      set: sessions.set('token', { userId: 7 }, 60),
      getOrLoad: sessions.getOrLoad('token', () => null),
      touch: sessions.touch('token', 60),
      invalidate: sessions.invalidate('token'),
      invalidateByUser: sessions.invalidateByUser(7),
      invalidateById: sessions.invalidateById(7, 'id'),
      listByUser: sessions.listByUser(7),
      clear: sessions.clear(),
      purgeExpired: sessions.purgeExpired(),
      close: sessions.close(),
    };
    for (const [method, answer] of Object.entries(answers)) {
      expect(answer, method).toBeInstanceOf(Promise);
    }
    await Promise.allSettled(Object.values(answers));
  });

  test('reject what cannot be meant, and throw nothing', async () => {
    const sessions = await sessionsInFile();
    const refused = sessions.get('');
    await expect(refused).rejects.toMatchObject({ code: 'ONEHOST_INVALID_TOKEN' });
  });

  test('are refused by TypeScript where a promise is taken for its answer', async () => {
    const sessions = await sessionsInFile();
    // @ts-expect-error TS2801: this condition is always true.
    // biome-ignore lint/nursery/noMisusedPromises: this is what it is about.
    expect(sessions.get('token') ? 'logged in' : 'not logged in').toBe('logged in');
  });
});
