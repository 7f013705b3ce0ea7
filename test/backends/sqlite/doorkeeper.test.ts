import { expect, test } from 'vitest';
import { Doorkeeper } from '../../../src/backends/sqlite/doorkeeper.ts';

test('a key is let in at its second knock, and is a stranger again after that', () => {
  const doorkeeper = new Doorkeeper(10);
  expect([1, 2, 3, 4].map(() => doorkeeper.admits('key'))).toEqual([false, true, false, true]);
});

test('no more knocks are remembered than the door keeps: who knocked before those is a stranger', () => {
  const doorkeeper = new Doorkeeper(10);
  for (let key = 0; key < 11; key++) expect(doorkeeper.admits(`key ${key}`)).toBe(false);
  expect(doorkeeper.admits('key 0')).toBe(false);
  expect(doorkeeper.admits('key 10')).toBe(true);
});
