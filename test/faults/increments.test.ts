import { expect, test } from 'vitest';
import { violationsOf } from './increments.ts';

const sound = [
  { n: 1, token: 10, holder: 'a' },
  { n: 2, token: 10, holder: 'a' },
  { n: 3, token: 12, holder: 'b' },
];

test('increments in order are accepted, also one that had returned and one that was cut off', () => {
  expect(violationsOf(sound, sound.slice(0, 2))).toEqual([]);
});

test.each([
  ['a lost update', [...sound, { n: 3, token: 12, holder: 'b' }], []],
  ['a number that is left out', [...sound, { n: 5, token: 12, holder: 'b' }], []],
  ['a late write', [...sound, { n: 4, token: 10, holder: 'a' }], []],
  ['two writers of one term', [...sound, { n: 4, token: 12, holder: 'c' }], []],
  ['an increment that had returned, and is gone', sound, [{ n: 4, token: 12, holder: 'b' }]],
  ['one in whose place another stands', sound, [{ n: 3, token: 10, holder: 'a' }]],
])('%s is found', (_, increments, acknowledged) => {
  expect(violationsOf(increments, acknowledged)).toHaveLength(1);
});
