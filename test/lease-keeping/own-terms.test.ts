import { describe, expect, test } from 'vitest';
import { OwnTerms } from '../../src/lease-keeping/own-terms.ts';

const begun = (fencingToken: number) => async () => ({ fencingToken });
const kept = (fencingToken: number, holder: string | null = 'ours') => ({
  name: 'lease',
  holder,
  fencingToken,
});

describe('a term that is held in the name of a store', () => {
  test('is an orphan when its beginning was not heard of', async () => {
    const own = new OwnTerms('ours');
    const unheard = own.begin('lease', () => Promise.reject(new Error('no answer')));
    await expect(unheard).rejects.toThrow('no answer');
    expect(own.isInDoubt).toBe(true);
    expect(own.isOrphan(kept(1))).toBe(true);
  });

  test('is an orphan when the answer said that somebody was faster, which was the same request, sent twice', async () => {
    const own = new OwnTerms('ours');
    await own.begin('lease', async () => null);
    expect(own.isOrphan(kept(1))).toBe(true);
  });

  test('is none while it may be that of a request under way', async () => {
    const own = new OwnTerms('ours');
    let answer = (_: { fencingToken: number }) => {};
    const beginning = own.begin(
      'lease',
      () =>
        new Promise<{ fencingToken: number }>((resolve) => {
          answer = resolve;
        }),
    );
    expect(own.isOrphan(kept(1))).toBe(false);
    answer({ fencingToken: 1 });
    await beginning;
    expect(own.isOrphan(kept(1))).toBe(false);
  });

  test('is none when somebody was given it, or it is of another store, or nobody holds it', async () => {
    const own = new OwnTerms('ours');
    await own.begin('lease', begun(1));
    await own.begin('lease', begun(5));
    await own.begin('other', begun(7));
    expect(own.isOrphan(kept(5))).toBe(false);
    expect(own.isOrphan(kept(6, 'theirs'))).toBe(false);
    expect(own.isOrphan(kept(6, null))).toBe(false);
    expect(own.isOrphan(kept(6))).toBe(true);
  });
});
