import { vi } from 'vitest';

/** Until the claim holds: of what happens soon, on a machine that may be busy. */
export function eventually<T>(claim: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(claim, { timeout: 20_000, interval: 20 });
}
