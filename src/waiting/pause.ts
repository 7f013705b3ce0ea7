import type { Clock } from '../contract/clock.ts';

/** Until the time has passed or a signal comes, whichever is first. Somebody is waiting: the process is kept alive. */
export function pause(
  clock: Clock,
  milliseconds: number,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done, { keepsProcessAlive: true });
    for (const signal of signals) signal?.addEventListener('abort', done);
    if (signals.some((signal) => signal?.aborted)) done();
  });
}
