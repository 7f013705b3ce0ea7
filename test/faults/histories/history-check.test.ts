import { describe, expect, test } from 'vitest';
import { HistoryCheck } from './history-check.ts';
import { type History, type Kind, NONE, type Operation } from './operation.ts';

/** Numbers of tokens and users, and two sessions. */
const [A, B] = [0, 1];
const [ADA, BOB] = [7, 8];
const [S, T] = [101, 102];

let ids = 0;

function operation(kind: Kind, begin: number, end: number, rest: Partial<Operation>): Operation {
  return {
    kind,
    id: ++ids,
    token: A,
    user: NONE,
    session: NONE,
    result: 0,
    version: NONE,
    isCut: false,
    begin,
    end,
    ...rest,
  };
}

const set = (session: number, begin: number, end: number, rest: Partial<Operation> = {}) =>
  operation('set', begin, end, { session, user: ADA, ...rest });
const get = (result: number, begin: number, end: number, rest: Partial<Operation> = {}) =>
  operation('get', begin, end, { result, ...rest });
const touch = (result: 0 | 1, begin: number, end: number) =>
  operation('touch', begin, end, { result });
const invalidate = (result: 0 | 1, begin: number, end: number, rest: Partial<Operation> = {}) =>
  operation('invalidate', begin, end, { result, ...rest });
const byUser = (
  user: number,
  result: number,
  begin: number,
  end: number,
  rest: Partial<Operation> = {},
) => operation('invalidateByUser', begin, end, { user, result, token: NONE, ...rest });
const byId = (
  user: number,
  result: 0 | 1,
  begin: number,
  end: number,
  rest: Partial<Operation> = {},
) => operation('invalidateById', begin, end, { user, result, ...rest });
const clear = (begin: number, end: number) => operation('clear', begin, end, { token: NONE });

/** A `getOrLoad` that loads `session`, and gives `result`. */
function loading(
  session: number,
  [loadBegin, loadEnd]: [number, number],
  [begin, end]: [number, number],
  rest: Partial<Operation> & { result?: number } = {},
): Operation[] {
  const { result = session, ...load } = rest;
  const outer = operation('getOrLoad', begin, end, { result, token: load.token ?? A });
  return [
    operation('load', loadBegin, loadEnd, {
      session,
      user: ADA,
      version: 1,
      ...load,
      id: outer.id,
    }),
    outer,
  ];
}

const history = (...operations: Operation[]): History => ({ operations, endedAt: null });

function check(...rounds: (Operation[] | History[])[]): readonly string[] {
  const found = new HistoryCheck(2);
  for (const round of rounds) {
    const histories = round.map((each) => ('kind' in each ? history(each) : each));
    for (const _ of found.round(histories));
  }
  return found.findings.violations;
}

describe('accepted is', () => {
  test.each<[string, Operation[] | History[]]>([
    ['a read of what was set', [set(S, 1, 2), get(S, 3, 4)]],
    [
      'either session while one takes the place of the other',
      [set(S, 1, 2), set(T, 10, 20), get(S, 11, 12), get(T, 13, 14), get(T, 30, 31)],
    ],
    ['either order of two sets at once', [set(S, 1, 10), set(T, 1, 10), get(S, 20, 21)]],
    ['a read that goes on while the session comes', [get(S, 1, 10), set(S, 2, 9)]],
    [
      'a read that begins in the nanosecond in which the revocation ends',
      [set(S, 1, 2), invalidate(1, 3, 100), get(S, 100, 101)],
    ],
    [
      'an invalidation that drops what was set while it was under way',
      [set(S, 2, 3), invalidate(1, 1, 10), get(0, 11, 12)],
    ],
    [
      'a touch of what is there, and of what is not',
      [touch(0, 1, 2), set(S, 3, 4), touch(1, 5, 6)],
    ],
    [
      'a drop by user of what is of the user, and not of others',
      [
        set(S, 1, 2),
        set(T, 1, 2, { token: B, user: BOB }),
        byUser(ADA, 1, 3, 4),
        get(0, 5, 6),
        get(T, 5, 6, { token: B }),
      ],
    ],
    [
      'a drop by user that leaves the excepted token',
      [set(S, 1, 2), byUser(ADA, 0, 3, 4, { token: A }), get(S, 5, 6)],
    ],
    [
      'a drop by id of what is of the user, and not of another',
      [set(S, 1, 2), byId(BOB, 0, 3, 4), get(S, 5, 6), byId(ADA, 1, 7, 8), get(0, 9, 10)],
    ],
    [
      'a drop by id that was cut off, either way',
      [set(S, 1, 2), byId(ADA, 0, 3, 90, { isCut: true }), get(S, 5, 6), get(0, 7, 8)],
    ],
    [
      'a write that was cut off, as if it had happened',
      [set(S, 1, 2), set(T, 3, 90, { isCut: true }), get(S, 5, 6), get(T, 7, 8), get(T, 100, 101)],
    ],
    [
      'a write that was cut off, as if it had not',
      [set(S, 1, 2), invalidate(0, 3, 90, { isCut: true }), get(S, 100, 101)],
    ],
    [
      'a load that is filled in, read, and dropped',
      [
        history(...loading(S, [2, 5], [1, 10])),
        history(get(S, 7, 8)),
        history(invalidate(1, 11, 12)),
      ],
    ],
    [
      'a load that found another session in its place',
      [history(...loading(S, [2, 5], [1, 10], { result: T })), history(set(T, 3, 4))],
    ],
    [
      'a load that went on while an invalidation began',
      [history(...loading(S, [2, 5], [1, 10])), history(invalidate(0, 1, 10))],
    ],
    [
      'a load that another joined',
      [history(...loading(S, [2, 5], [1, 10]), operation('getOrLoad', 3, 9, { result: S }))],
    ],
    [
      'what a process that was killed had loaded',
      [
        { ...history(...loading(S, [2, 5], [1, 10]).slice(0, 1)), endedAt: 50 },
        history(get(S, 60, 61)),
      ],
    ],
    [
      'that it had not come to that',
      [
        { ...history(...loading(S, [2, 5], [1, 10]).slice(0, 1)), endedAt: 50 },
        history(get(0, 60, 61)),
      ],
    ],
  ])('%s', (_, round) => {
    expect(check(round)).toEqual([]);
  });

  test('what an earlier round has left', () => {
    expect(
      check([set(S, 1, 2)], [get(S, 11, 12), invalidate(1, 13, 14)], [get(0, 21, 22)]),
    ).toEqual([]);
  });

  test('a drop of what was set in an earlier round, by its user', () => {
    expect(check([set(S, 1, 2)], [byUser(ADA, 1, 11, 12), get(0, 13, 14)])).toEqual([]);
  });

  test('either outcome of a write that was cut off in an earlier round', () => {
    const cut = () => [set(S, 1, 2), set(T, 3, 4, { isCut: true })];
    expect(check(cut(), [get(S, 11, 12)])).toEqual([]);
    expect(check(cut(), [get(T, 11, 12)])).toEqual([]);
  });
});

describe('refused is', () => {
  test.each<[string, Operation[] | History[]]>([
    ['a read of what was replaced', [set(S, 1, 2), set(T, 3, 4), get(S, 5, 6)]],
    [
      'a read of what was revoked, in the next nanosecond',
      [set(S, 1, 2), invalidate(1, 3, 100), get(S, 101, 102)],
    ],
    ['a read of nothing where a session was set', [set(S, 1, 2), get(0, 3, 4)]],
    [
      'a read of the older of two sessions after one of the newer',
      [set(S, 1, 2), set(T, 3, 50), get(T, 10, 11), get(S, 12, 13)],
    ],
    ['a session that nobody has set', [get(S, 1, 2)]],
    ['a session of another token', [set(S, 1, 2), get(S, 3, 4, { token: B })]],
    ['a set that is lost', [set(S, 1, 2), set(T, 3, 4), get(0, 5, 6)]],
    ['a touch that brings a session back', [set(S, 1, 2), invalidate(1, 3, 4), touch(1, 5, 6)]],
    [
      'an invalidation that has found what another one had dropped',
      [set(S, 1, 2), invalidate(1, 3, 4), invalidate(1, 5, 6)],
    ],
    [
      'one of two invalidations at once that both have dropped it',
      [set(S, 1, 2), invalidate(1, 3, 10), invalidate(1, 3, 10)],
    ],
    ['an invalidation that has not found what was there', [set(S, 1, 2), invalidate(0, 3, 4)]],
    [
      'what a drop by user has left of the user',
      [set(S, 1, 2), byUser(ADA, 1, 3, 4), get(S, 5, 6)],
    ],
    ['a drop by user that finds none, where there was one', [set(S, 1, 2), byUser(ADA, 0, 3, 4)]],
    [
      'a session that a drop of another user has taken',
      [set(S, 1, 2), byUser(BOB, 0, 3, 4), get(0, 5, 6)],
    ],
    ['what a drop by id has left', [set(S, 1, 2), byId(ADA, 1, 3, 4), get(S, 5, 6)]],
    ['a drop by id that has not found what was there', [set(S, 1, 2), byId(ADA, 0, 3, 4)]],
    ['a drop by id of the session of another user', [set(S, 1, 2), byId(BOB, 1, 3, 4)]],
    [
      'what a drop by id that was cut off had taken, and that is back',
      [set(S, 1, 2), byId(ADA, 0, 3, 90, { isCut: true }), get(0, 5, 6), get(S, 7, 8)],
    ],
    ['what was cleared', [set(S, 1, 2), clear(3, 4), get(S, 5, 6)]],
    [
      'a write that was cut off, and that happens when its process has long ended',
      [set(S, 1, 2), set(T, 3, 10, { isCut: true }), get(S, 20, 21), get(T, 30, 31)],
    ],
    [
      'a write that was cut off, and happens twice',
      [set(S, 1, 90, { isCut: true }), get(S, 2, 3), invalidate(1, 4, 5), get(S, 6, 7)],
    ],
    [
      'a load that is filled in after an invalidation that it did not see',
      [history(...loading(S, [2, 50], [1, 60])), history(invalidate(0, 10, 20))],
    ],
    [
      'after one by user',
      [history(...loading(S, [2, 50], [1, 60])), history(byUser(ADA, 0, 10, 20))],
    ],
    ['after one by id', [history(...loading(S, [2, 50], [1, 60])), history(byId(ADA, 0, 10, 20))]],
    ['after a clear', [history(...loading(S, [2, 50], [1, 60])), history(clear(10, 20))]],
    [
      'what a process that was killed had loaded, after an invalidation that it did not see',
      [
        { ...history(...loading(S, [2, 5], [1, 10]).slice(0, 1)), endedAt: 50 },
        history(invalidate(0, 10, 20), get(S, 30, 31)),
      ],
    ],
    [
      'a load that is filled in although a read had seen the invalidation which is under way',
      [
        history(set(T, 1, 2), ...loading(S, [4, 9], [3, 60])),
        history(invalidate(1, 5, 100)),
        history(get(0, 6, 7)),
        history(invalidate(0, 8, 20)),
      ],
    ],
    [
      'a load in the place of what was set meanwhile',
      [history(...loading(S, [2, 50], [1, 60])), history(set(T, 10, 20))],
    ],
    [
      'a load that another joined, and that gave it what was revoked',
      [
        history(...loading(S, [2, 50], [1, 60]), operation('getOrLoad', 30, 61, { result: S })),
        history(invalidate(0, 10, 20)),
      ],
    ],
    [
      'what the app had changed in its own store before the invalidation',
      [
        history(...loading(S, [15, 16], [1, 17], { version: 4 })),
        history(invalidate(0, 10, 20, { version: 5 })),
        history(get(S, 21, 22)),
      ],
    ],
    [
      'what was loaded and not filled in',
      [history(...loading(S, [2, 5], [1, 10], { result: 0 })), history(get(S, 20, 21))],
    ],
  ])('%s', (_, round) => {
    expect(check(round)).not.toEqual([]);
  });

  test('what was dropped in an earlier round', () => {
    expect(check([set(S, 1, 2)], [invalidate(1, 11, 12)], [get(S, 21, 22)])).toHaveLength(1);
  });

  test('both outcomes of a write that was cut off', () => {
    const rounds = [
      [set(S, 1, 2), set(T, 3, 4, { isCut: true })],
      [get(S, 11, 12)],
      [get(T, 21, 22)],
    ];
    expect(check(...rounds)).toHaveLength(1);
  });

  test('a violation is told once, and what comes after it is checked on', () => {
    const found = check([
      set(S, 1, 2),
      get(0, 3, 4),
      get(0, 5, 6),
      set(T, 7, 8),
      get(T, 9, 10),
      get(S, 11, 12),
    ]);
    expect(found.filter((violation) => violation.includes('before it the token had'))).toHaveLength(
      2,
    );
  });
});

describe('found both by the order and by the clock is', () => {
  test.each<[string, Operation[]]>([
    ['a read of what was revoked', [set(S, 1, 2), invalidate(1, 3, 4), get(S, 5, 6)]],
    ['a read of what was replaced', [set(S, 1, 2), set(T, 3, 4), get(S, 5, 6)]],
    ['a read of what was dropped by user', [set(S, 1, 2), byUser(ADA, 1, 3, 4), get(S, 5, 6)]],
    ['a read of what was dropped by id', [set(S, 1, 2), byId(ADA, 1, 3, 4), get(S, 5, 6)]],
    ['a read of what was cleared', [set(S, 1, 2), clear(3, 4), get(S, 5, 6)]],
    ['a fill after an invalidation', [...loading(S, [2, 50], [1, 60]), invalidate(0, 10, 20)]],
    ['a fill after a drop by user', [...loading(S, [2, 50], [1, 60]), byUser(ADA, 0, 10, 20)]],
    ['a fill after a drop by id', [...loading(S, [2, 50], [1, 60]), byId(ADA, 0, 10, 20)]],
  ])('%s', (_, round) => {
    const found = check([history(...round)]);
    expect(found.filter((each) => each.includes('before it the token had'))).toHaveLength(1);
    expect(found.filter((each) => each.includes('had been dropped by'))).toHaveLength(1);
  });

  test('and by the order alone a fill in the place of what was there before', () => {
    expect(check([history(set(T, 1, 2), ...loading(S, [4, 9], [3, 10]))])).toHaveLength(1);
  });
});
