import type { Unit } from '../scenes/scene.ts';
import type { Summary } from '../statistics.ts';
import { spread } from '../statistics.ts';

export function formatValue(unit: Unit, value: number): string {
  if (unit === 'nanoseconds') return formatTime(value);
  return unit === 'bytes' ? `${Math.round(value)} B` : formatRate(value);
}

/** Operations per second: `812`, `41.3 k`, `2.06 M`. */
function formatRate(perSecond: number): string {
  if (perSecond < 1000) return threeDigits(perSecond);
  if (perSecond < 1e6) return `${threeDigits(perSecond / 1e3)} k`;
  return `${threeDigits(perSecond / 1e6)} M`;
}

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
