// The published suite under another runner than the one it is written with: `node --test`.
import { describe, test } from 'node:test';
import { InMemorySessionCache } from '../../src/index.ts';
import { ManualClock, sessionCacheConformance, type TestSession } from '../../src/testing/index.ts';

/** What is broken on purpose, to see that the suite fails under this runner too. */
class Forgetful extends InMemorySessionCache<TestSession> {
  override invalidate(token: string): boolean {
    return process.env['FORGETFUL'] === '1' ? true : super.invalidate(token);
  }
}

sessionCacheConformance(
  { describe, test },
  {
    name: 'InMemorySessionCache',
    capabilities: {
      reach: 'process',
      persistent: false,
      retains: true,
      coherence: 'strict',
      staleSeconds: 0,
    },
    createStore: () => {
      const clock = new ManualClock();
      return {
        openCache: () => new Forgetful({ clock }),
        advance: (seconds) => clock.advance(seconds),
        close: () => {},
      };
    },
  },
);
