import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IMPOSSIBLE, type Step, TokenOrder } from './token-order.ts';

/** A small history of one token: what is done, when it begins, and how long it takes. */
const small = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'get', 'drop', 'cut set', 'cut drop', 'fill'),
    session: fc.integer({ min: 0, max: 3 }),
    begin: fc.integer({ min: 0, max: 20 }),
    length: fc.integer({ min: 0, max: 12 }),
    loadLength: fc.integer({ min: 0, max: 6 }),
  }),
  { minLength: 1, maxLength: 6 },
);

type Done = (typeof small extends fc.Arbitrary<infer All> ? All : never) extends (infer One)[]
  ? One
  : never;

function stepOf({ kind, session, begin, length, loadLength }: Done): Step {
  const effects: Record<Done['kind'], Step['apply']> = {
    set: () => session,
    get: (before) => (before === session ? before : IMPOSSIBLE),
    // What it gives says whether there was one.
    drop: (before) => ((before !== 0) === session > 1 ? 0 : IMPOSSIBLE),
    'cut set': () => session,
    'cut drop': () => 0,
    fill: (before) => (before === 0 ? session : IMPOSSIBLE),
  };
  return {
    begin,
    end: begin + length,
    isCut: kind.startsWith('cut'),
    isRead: kind === 'get',
    isRevocation: kind === 'drop',
    apply: effects[kind],
    ...(kind === 'fill'
      ? { fill: { loadedSince: begin - loadLength, isConcerned: () => true } }
      : {}),
    describe: () => `${kind} ${session} from ${begin} to ${begin + length}`,
  };
}

/** By trying them all: whether there is an order in which no step comes after one that had begun only when it had ended. */
function hasOrder(steps: readonly Step[], session = 0, before: readonly Step[] = []): boolean {
  if (steps.every(({ isCut }) => isCut)) return true;
  return steps.some((step) => {
    const others = steps.filter((each) => each !== step);
    if (others.some(({ end, isCut }) => end < step.begin && !isCut)) return false;
    // What was cut off and has not happened when its process ended never will.
    const left = others.filter(({ end, isCut }) => !(isCut && end < step.begin));
    const { fill } = step;
    const isRefused =
      fill !== undefined &&
      before.some(({ isRevocation, begin }) => isRevocation && begin > fill.loadedSince);
    const after = isRefused ? IMPOSSIBLE : step.apply(session);
    return after !== IMPOSSIBLE && hasOrder(left, after, [...before, step]);
  });
}

test('an order is found when there is one, and only then', () => {
  const found = { orders: 0, none: 0 };
  fc.assert(
    fc.property(small, (all) => {
      const steps = all.map(stepOf);
      const isOrdered = hasOrder(steps);
      found[isOrdered ? 'orders' : 'none']++;
      expect(new TokenOrder().check(steps).length === 0).toBe(isOrdered);
    }),
    { numRuns: 20_000 },
  );
  // Both happened often.
  expect(Math.min(found.orders, found.none)).toBeGreaterThan(2000);
});
