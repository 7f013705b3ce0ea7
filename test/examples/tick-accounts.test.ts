import { expect, test } from 'vitest';
import { accountForTicks, type Run } from '../../examples/self-hosted-app/demo/tick-accounts.ts';

const at = (second: number) => new Date(second * 1000);

function run(second: number, outcome: Run['outcome'], ticks = 1): Run {
  const [scheduledFor, lastScheduledFor] = [at(second), at(second + ticks - 1)].map((date) =>
    date.toISOString(),
  ) as [string, string];
  return { scheduledFor, lastScheduledFor, ticks, outcome, fencingToken: 1 };
}

function counted(...seconds: number[]) {
  return seconds.map((second) => ({ countedFor: at(second), worker: 2 }));
}

/** The newest first, as the app gives them. */
function account(runs: readonly Run[], counts: ReturnType<typeof counted>) {
  return accountForTicks(runs.toReversed(), counts, 1).map(
    ({ tick, outcome, worker }) => `${tick.getTime() / 1000} ${worker ?? outcome}`,
  );
}

test('each tick has its account, up to the one that is running', () => {
  const runs = [
    run(1, 'succeeded'),
    run(2, 'abandoned'),
    run(3, 'missed', 2),
    run(5, 'succeeded'),
    run(6, 'running'),
  ];
  expect(account(runs, counted(1, 5))).toEqual([
    '1 2',
    '2 abandoned',
    '3 missed',
    '4 missed',
    '5 2',
  ]);
});

test('one that died after its write, and before the record of its end, has counted', () => {
  expect(account([run(1, 'abandoned')], counted(1))).toEqual(['1 2']);
});

test('a tick that is in no record is noticed', () => {
  const runs = [run(1, 'succeeded'), run(3, 'succeeded')];
  expect(() => account(runs, counted(1, 3))).toThrow('After the tick 1970-01-01T00:00:01.000Z');
});

test('a tick that is in two records is noticed', () => {
  const runs = [run(1, 'missed', 2), run(2, 'abandoned')];
  expect(() => account(runs, counted())).toThrow('After the tick 1970-01-01T00:00:02.000Z');
});

test('a tick that was counted twice is noticed', () => {
  expect(() => account([run(1, 'succeeded')], counted(1, 1))).toThrow('counted 2 times');
});

test('a tick that succeeded and was not counted is noticed, and one that did not run and was', () => {
  expect(() => account([run(1, 'succeeded')], counted())).toThrow('counted 0 times');
  expect(() => account([run(1, 'missed')], counted(1))).toThrow('counted 1 times');
});

test('a run that failed is noticed', () => {
  expect(() => account([run(1, 'failed')], counted())).toThrow('failed');
});
