import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as errors from '../../src/contract/errors/index.ts';
import * as onehost from '../../src/index.ts';

const documented = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

type ErrorClass = new (...args: string[]) => errors.OnehostError;
const classes = Object.entries(errors).flatMap(([name, value]): [string, ErrorClass][] =>
  value.prototype instanceof Error ? [[name, value as unknown as ErrorClass]] : [],
);

describe('every error', () => {
  test.each(classes)(
    '%s has a code made of its name, and a part of docs/errors.md',
    (name, Class) => {
      const error = new Class('a', 'b');
      const words = name
        .replace(/Error$/, '')
        .replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=A)(?=Database)/g, '_');
      expect(error.code).toBe(`ONEHOST_${words.toUpperCase()}`);
      expect(error.name).toBe(name);
      expect(errors.isOnehostError(error)).toBe(true);
      expect(onehost).toHaveProperty(name);
      const part = documented.split('\n## ').find((each) => each.startsWith(`${error.code}\n`));
      expect(part, `docs/errors.md has no part "## ${error.code}"`).toBeDefined();
      expect(part).toContain(`\`${name}\``);
      expect(part).toContain('**Remedy.**');
    },
  );

  test('is documented once, and nothing else is', () => {
    const headings = [...documented.matchAll(/^## (ONEHOST_\w+)$/gm)].map(([, code]) => code);
    const codes = classes.map(([, Class]) => new Class('a', 'b').code);
    expect(headings.toSorted()).toEqual(codes.toSorted());
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('of the language is not taken for one of ours', () => {
    expect(errors.isOnehostError(new TypeError('x'))).toBe(false);
    expect(errors.isOnehostError({ code: 'ONEHOST_INVALID_TOKEN' })).toBe(false);
    expect(errors.isOnehostError(undefined)).toBe(false);
  });
});
