import { InvalidOptionError } from '../contract/errors/index.ts';
import { describeType } from '../contract/validate-arguments.ts';

/** @throws InvalidOptionError unless this can be called: found before the look-up, so that a session that is there does not hide it. */
export function assertLoader(load: unknown): void {
  if (typeof load === 'function') return;
  throw new InvalidOptionError(
    `getOrLoad needs a function as its second argument, which finds the session in your own store, but found ${describeType(load)}. ` +
      'Write: getOrLoad(token, async (token) => ({ session, ttlSeconds })), or call get(token).',
  );
}
