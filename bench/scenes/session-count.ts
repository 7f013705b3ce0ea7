import type { Group } from '../turns.ts';

/** `10 thousand sessions`, `1 million sessions`. */
export function sessionCount(sessions: number): Group {
  const label =
    sessions >= 1e6
      ? `${sessions / 1e6} million`
      : sessions >= 1e4
        ? `${sessions / 1e3} thousand`
        : `${sessions}`;
  return { label: `${label} ${sessions === 1 ? 'session' : 'sessions'}`, position: sessions };
}
