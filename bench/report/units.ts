import type { Summary } from '../statistics.ts';
import { spread } from '../statistics.ts';

/** Three digits, in the unit that suits: `85.2 ns`, `1.72 µs`, `2.41 ms`. */
export function formatTime(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${threeDigits(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${threeDigits(nanoseconds / 1e3)} µs`;
  return `${threeDigits(nanoseconds / 1e6)} ms`;
}

/** `0.004`, `0.052`, `1.00`, `38.1`, `1240`. */
export function formatRatio(ratio: number): string {
  return ratio < 0.1 ? ratio.toFixed(3) : threeDigits(ratio);
}

export function formatSpread(summary: Summary): string {
  return `± ${Math.round(spread(summary) * 100)} %`;
}

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
