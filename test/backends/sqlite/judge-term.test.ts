import { describe, expect, test } from 'vitest';
import {
  evidenceFor,
  type TermFacts,
  whyTakeOver,
} from '../../../src/backends/sqlite/judge-term.ts';
import type { LeaseRow } from '../../../src/backends/sqlite/lease-rows.ts';

const row: LeaseRow = {
  name: 'lease',
  fencingToken: 5,
  replacedToken: 4,
  holder: 'them',
  processId: 1,
  host: 'host',
  appVersion: null,
  instanceStartedAt: 0,
  reason: 'first',
  durationMilliseconds: 10_000,
  renewals: 3,
  renewedMonotonic: 50_000,
  bootId: 'this boot',
  acquiredAt: 0,
  renewedAt: 0,
};

const facts: TermFacts = {
  now: 50_000,
  bootId: 'this boot',
  unchangedSince: 50_000,
  lock: 'busy',
  trust: 'kernel',
};

function verdict(known: Partial<TermFacts>, held: Partial<LeaseRow> = {}) {
  return whyTakeOver({ ...row, ...held }, () => ({ ...facts, ...known }));
}

describe('whether a lease may be taken over', () => {
  test('at once when it was never held, or released', () => {
    const never = () => {
      throw new Error('nothing more need be known');
    };
    expect(whyTakeOver(undefined, never)).toBe('first');
    expect(whyTakeOver({ ...row, holder: null }, never)).toBe('released');
  });

  test('after the duration by the common clock, to the millisecond', () => {
    expect(verdict({ now: 59_999, unchangedSince: 0 })).toBe(null);
    expect(verdict({ now: 60_000, unchangedSince: 60_000 })).toBe('expired');
  });

  test('by the standing still of the counter when the time was written in another boot', () => {
    const other = { bootId: 'another boot' };
    expect(verdict({ now: 90_000, unchangedSince: 80_001 }, other)).toBe(null);
    expect(verdict({ now: 90_000, unchangedSince: 80_000 }, other)).toBe('expired');
  });

  test('by the standing still of the counter when the time is in the future', () => {
    const future = { renewedMonotonic: 50_001 };
    expect(verdict({ now: 50_000, unchangedSince: 40_001 }, future)).toBe(null);
    expect(verdict({ now: 50_000, unchangedSince: 40_000 }, future)).toBe('expired');
  });

  test.each([
    ['kernel', 0, 'holder-died'],
    ['suspect', 0, null],
    ['suspect', 4_999, null],
    ['suspect', 5_000, 'holder-died'],
    ['ttl', 9_999, null],
    ['ttl', 10_000, 'expired'],
  ] as const)('with a free lock, trust %s and no renewal for %i ms: %s', (trust, age, reason) => {
    expect(verdict({ lock: 'free', trust, now: 50_000 + age })).toBe(reason);
  });

  test.each(['busy', 'unknown'] as const)('not before its time with a lock that is %s', (lock) => {
    for (const trust of ['kernel', 'suspect', 'ttl'] as const) {
      expect(verdict({ lock, trust, now: 59_999 })).toBe(null);
      expect(verdict({ lock, trust, now: 60_000 })).toBe('expired');
    }
  });

  test('a free lock of another boot needs a missed heartbeat by the clock here', () => {
    const other = { bootId: 'another boot' };
    const known = { lock: 'free', trust: 'suspect', now: 90_000 } as const;
    expect(verdict({ ...known, unchangedSince: 85_001 }, other)).toBe(null);
    expect(verdict({ ...known, unchangedSince: 85_000 }, other)).toBe('holder-died');
  });
});

describe('what speaks for the holder', () => {
  const evidence = (known: Partial<TermFacts>, held: Partial<LeaseRow> = {}) =>
    evidenceFor({ ...row, ...held }, () => ({ ...facts, ...known }));

  test('is said as it is', () => {
    expect(evidence({}, { holder: null })).toBe('none');
    expect(evidence({})).toBe('renewed');
    expect(evidence({ lock: 'unknown' })).toBe('renewed');
    expect(evidence({ now: 60_000 })).toBe('process-lives');
    expect(evidence({ now: 60_000, lock: 'unknown' })).toBe('overdue');
    expect(evidence({ lock: 'free' })).toBe('process-gone');
    expect(evidence({ lock: 'free', trust: 'ttl' })).toBe('renewed');
    expect(evidence({ lock: 'free', trust: 'ttl', now: 60_000 })).toBe('overdue');
  });
});
