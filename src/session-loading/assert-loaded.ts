import { InvalidSessionError } from '../contract/errors/index.ts';
import type { LoadedSession } from '../contract/session-loader.ts';
import { describeType } from '../contract/validate-arguments.ts';

/** @throws InvalidSessionError unless a loader may give this. */
export function assertLoaded(loaded: unknown): asserts loaded is LoadedSession {
  if (typeof loaded !== 'object' || loaded === null || !('session' in loaded)) {
    throw new InvalidSessionError(
      'A loader must give { session, ttlSeconds }, or null when the token is not valid, ' +
        `but found ${typeof loaded === 'object' ? 'an object without a session' : describeType(loaded)}.`,
    );
  }
}
