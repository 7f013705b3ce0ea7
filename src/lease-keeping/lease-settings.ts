import { InvalidDurationError } from '../contract/errors/index.ts';
import type { AcquireOptions, LeaseOptions } from '../contract/lease-store.ts';
import { assertDuration } from '../contract/validate-arguments.ts';
import { assertKnownOptions, assertOneOf } from '../contract/validate-options.ts';

/** A year. A longer term would be for ever, and numbers without a bound end as Infinity. */
const LONGEST_DURATION_SECONDS = 365 * 24 * 60 * 60;

const LEASE_OPTIONS = ['durationSeconds', 'marginSeconds', 'takeover'];

/** {@link LeaseOptions} with their defaults, in milliseconds. */
export interface LeaseSettings {
  readonly durationMilliseconds: number;
  readonly marginMilliseconds: number;
  readonly takeover: 'prompt' | 'cautious';
}

export interface WaitSettings {
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal | undefined;
}

export function readLeaseOptions(of: string, options: LeaseOptions): LeaseSettings {
  assertKnownOptions(of, options, LEASE_OPTIONS);
  return readTerm(options);
}

export function readAcquireOptions(options: AcquireOptions): LeaseSettings & WaitSettings {
  assertKnownOptions('acquire', options, [...LEASE_OPTIONS, 'timeoutSeconds', 'signal']);
  const { timeoutSeconds, signal } = options;
  if (timeoutSeconds !== undefined) assertDuration('timeoutSeconds', timeoutSeconds);
  return {
    ...readTerm(options),
    timeoutMilliseconds: (timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000,
    signal,
  };
}

function readTerm(options: LeaseOptions): LeaseSettings {
  const { durationSeconds = 15, takeover = 'prompt' } = options;
  assertDuration('durationSeconds', durationSeconds);
  if (durationSeconds > LONGEST_DURATION_SECONDS) {
    throw new InvalidDurationError(
      `durationSeconds must be at most ${LONGEST_DURATION_SECONDS} (a year), but found ${durationSeconds}. A lease is renewed by itself: 15 is enough for most.`,
    );
  }
  const { marginSeconds = durationSeconds / 10 } = options;
  assertDuration('marginSeconds', marginSeconds);
  if (marginSeconds >= durationSeconds) {
    throw new InvalidDurationError(
      `marginSeconds must be less than durationSeconds (${durationSeconds}), but found ${marginSeconds}: ` +
        'the holder would never trust itself. Leave it out for a tenth of the duration.',
    );
  }
  assertOneOf('takeover', takeover, ['prompt', 'cautious']);
  return {
    durationMilliseconds: durationSeconds * 1000,
    marginMilliseconds: marginSeconds * 1000,
    takeover,
  };
}
