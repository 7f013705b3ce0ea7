import type { Awaitable } from '../contract/awaitable.ts';
import type { CancelTimer, Clock } from '../contract/clock.ts';

/**
 * What `operation` gives, unless it takes longer than `timeoutSeconds`: then this rejects with what `late` says, and the operation's `signal`
 * aborts with the same. Whoever carries it out has to let go of what is still waiting then: a write that is carried out long after its
 * caller gave it up would undo what others did in between.
 */
export async function withinDeadline<T>(
  clock: Clock,
  timeoutSeconds: number,
  operation: (signal: AbortSignal) => Awaitable<T>,
  late: () => Error,
): Promise<T> {
  const controller = new AbortController();
  let cancel: CancelTimer = () => {};
  const deadline = new Promise<never>((_, reject) => {
    const end = () => {
      const error = late();
      reject(error);
      controller.abort(error);
    };
    // Somebody waits for the answer: the process is not to end before it.
    cancel = clock.after(timeoutSeconds * 1000, end, { keepsProcessAlive: true });
  });
  try {
    return await Promise.race([operation(controller.signal), deadline]);
  } finally {
    cancel();
  }
}
