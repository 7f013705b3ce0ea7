import { readFileSync } from 'node:fs';

/**
 * By how many milliseconds the monotonic clock that this process sees is ahead of the host's. A container may have a time
 * namespace of its own, while its boot id is the host's; with this taken off, both count from the same moment.
 *
 * https://man7.org/linux/man-pages/man7/time_namespaces.7.html
 *
 * @internal
 */
export function readMonotonicOffset(
  read: () => string = () => readFileSync('/proc/self/timens_offsets', 'utf8'),
): number {
  try {
    // "monotonic  <seconds>  <nanoseconds>"; older kernels write the number of the clock, 1, in place of its name.
    const [, seconds, nanoseconds] = /^(?:monotonic|1)\s+(-?\d+)\s+(-?\d+)$/m.exec(read()) ?? [];
    return Number(seconds ?? 0) * 1000 + Number(nanoseconds ?? 0) / 1e6;
  } catch {
    // No time namespaces here.
    return 0;
  }
}
