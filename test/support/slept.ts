import { vi } from 'vitest';

/** For how many milliseconds `work` asked to hold the thread: a busy machine adds nothing to it. */
export function slept(work: () => void): number {
  const waits = vi.spyOn(Atomics, 'wait');
  try {
    work();
    return waits.mock.calls.reduce((sum, [, , , milliseconds]) => sum + Number(milliseconds), 0);
  } finally {
    waits.mockRestore();
  }
}
