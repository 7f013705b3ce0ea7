import { setTimeout as wait } from 'node:timers/promises';
import { isBusy } from './translate-error.ts';
import { HalfWrittenHeaderError } from './wal-index-header.ts';

/** While a file is opened: another process may be migrating it. */
const LEAST_SECONDS = 30;

/**
 * Does the work once no other process is in its way; after 30 s, or `lockWaitSeconds` if they are longer, it throws what the last attempt threw.
 * The event loop goes on meanwhile.
 */
export async function retryWhileBusy<T>(
  work: () => T,
  { lockWaitSeconds }: { readonly lockWaitSeconds: number },
): Promise<T> {
  const end = performance.now() + Math.max(lockWaitSeconds, LEAST_SECONDS) * 1000;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const isPassing = isBusy(error) || error instanceof HalfWrittenHeaderError;
      if (!isPassing || performance.now() >= end) throw error;
      // Random, so that many processes that start at once do not come back at once.
      await wait(2 + Math.random() * 20);
    }
  }
}
