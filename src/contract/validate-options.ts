import { InvalidOptionError } from './errors/index.ts';
import { shownKey } from './shown-key.ts';
import { describeType } from './validate-arguments.ts';

/**
 * @throws InvalidOptionError when `options` is no object or has a key that is not `known`; one
 *   that differs from a known one in case or marks alone is taken for a misspelling, and named.
 */
export function assertKnownOptions(of: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(
      `${of} needs an object of options, but found ${describeType(options)}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = known.find((name) => isLikelyMisspelling(key, name));
    const shown = shownKey(key);
    throw new InvalidOptionError(
      meant === undefined
        ? `${of} has no option "${shown}". It knows: ${known.join(', ')}.`
        : `${of} has no option "${shown}": it should be "${meant}".`,
    );
  }
}

/** @throws InvalidOptionError unless `value` is an integer from `least` to `most`. */
export function assertInteger(
  name: string,
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): asserts value is number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    const found = typeof value === 'number' ? String(value) : describeType(value);
    throw new InvalidOptionError(
      `${name} must be an integer from ${least} to ${most}, but found ${found}.`,
    );
  }
}

/** @throws InvalidOptionError unless `value` is one of `allowed`. */
export function assertOneOf<T extends string>(
  name: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  if (!allowed.includes(value as T)) {
    const found = typeof value === 'string' ? `"${value}"` : describeType(value);
    throw new InvalidOptionError(
      `${name} must be one of ${allowed.map((each) => `"${each}"`).join(', ')}, but found ${found}.`,
    );
  }
}

/** @throws InvalidOptionError unless `value` has the method by which `what` is told: `a lease store`. */
export function assertHasMethod(
  name: string,
  value: unknown,
  {
    method,
    what,
    remedy,
  }: { readonly method: string; readonly what: string; readonly remedy: string },
): void {
  const found = (value as Record<string, unknown> | null | undefined)?.[method];
  if (typeof found === 'function') return;
  throw new InvalidOptionError(
    `${name} must be ${what}, but found ${value instanceof Promise ? 'a promise (await it)' : describeType(value)}. ${remedy}`,
  );
}

/** The same word but for upper case and marks: `nearcache_entries` for `nearCacheEntries`. */
function isLikelyMisspelling(found: string, name: string): boolean {
  const bare = (word: string) => word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return bare(found) === bare(name);
}
