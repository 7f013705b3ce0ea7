import { quantile } from '../statistics.ts';
import type { Latency } from '../turns.ts';

/** The latencies of single operations, collected from several processes and rounds. */
export class LatencySample {
  readonly #parts: Float64Array[] = [];

  add(nanoseconds: Float64Array): void {
    this.#parts.push(nanoseconds);
  }

  summarize(): Latency {
    const all = new Float64Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let filled = 0;
    for (const part of this.#parts) {
      all.set(part, filled);
      filled += part.length;
    }
    all.sort();
    return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
  }
}
