import { InvalidDurationError } from '../contract/errors/index.ts';
import { assertDuration } from '../contract/validate-arguments.ts';
import { assertOneOf } from '../contract/validate-options.ts';

/** What every session cache across a network can be told. */
export interface RemoteSessionCacheOptions {
  /**
   * How long any call may take, 2 by default, at most 60; then it throws `CacheUnavailableError`. Of a write that took too long it is not known
   * whether it was done. `getOrLoad` asks the server up to three times for each load, and each question has that time for itself.
   */
  readonly timeoutSeconds?: number | undefined;
  /**
   * What a read does when the server cannot be asked. `throw`, the default. `miss`: `get` answers `null`, and `getOrLoad` gives each caller what its own
   * loader finds and keeps nothing, so that the app goes on with its own store. An invalidation throws in any case.
   */
  readonly readsWhenUnavailable?: 'throw' | 'miss' | undefined;
}

/** {@link RemoteSessionCacheOptions} with their defaults. */
export type RemoteSettings = {
  readonly [Name in keyof RemoteSessionCacheOptions]-?: NonNullable<
    RemoteSessionCacheOptions[Name]
  >;
};

export const REMOTE_OPTIONS: readonly string[] = ['timeoutSeconds', 'readsWhenUnavailable'];

const LONGEST_TIMEOUT_SECONDS = 60;

/** @throws InvalidOptionError, InvalidDurationError */
export function readRemoteOptions(options: RemoteSessionCacheOptions): RemoteSettings {
  const { readsWhenUnavailable = 'throw' } = options;
  assertOneOf('readsWhenUnavailable', readsWhenUnavailable, ['throw', 'miss']);
  return { timeoutSeconds: readTimeout(options.timeoutSeconds), readsWhenUnavailable };
}

/** How long a call across a network may take, 2 s by default. @throws InvalidDurationError */
export function readTimeout(timeoutSeconds = 2): number {
  assertDuration('timeoutSeconds', timeoutSeconds);
  if (timeoutSeconds > LONGEST_TIMEOUT_SECONDS) {
    throw new InvalidDurationError(
      `timeoutSeconds must be at most ${LONGEST_TIMEOUT_SECONDS}, but found ${timeoutSeconds}: whoever waits for a request has gone by then.`,
    );
  }
  return timeoutSeconds;
}
