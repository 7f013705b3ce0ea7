import { InvalidDurationError, InvalidOptionError } from '../contract/errors/index.ts';
import type { LeaseOptions } from '../contract/lease-store.ts';
import { assertDuration, assertName, describeType } from '../contract/validate-arguments.ts';
import { assertKnownOptions } from '../contract/validate-options.ts';

export interface ClaimSingleInstanceOptions {
  /** The name of the lease, `'single-instance'` by default: of all that claim one name, one runs. */
  readonly name?: string | undefined;
  /**
   * How long to wait for another instance to leave, in seconds, 10 by default. 0 refuses at once; but then the claim of an instance that
   * ended with its machine (a power cut, a reboot) is never seen to stand still, and is to be taken by `steal`.
   */
  readonly waitSeconds?: number | undefined;
  /**
   * How long the claim lasts without renewal, in seconds, 6 by default; less than `waitSeconds`, unless that is 0. An instance that
   * hangs for so long is replaced. One that ended without a release is replaced after half of it, or after all of it if
   * the machine has started anew since.
   */
  readonly durationSeconds?: number | undefined;
  /** How long before the end this instance stops trusting its claim, in seconds; a tenth of `durationSeconds` by default. */
  readonly marginSeconds?: number | undefined;
  /** Ends the wait; it rejects with the signal's reason. A claim that was made is not touched. */
  readonly signal?: AbortSignal | undefined;
  /** Is told whom the wait is for, at once and every 3 s; `console.warn` by default. What it throws ends the wait. */
  readonly report?: ((message: string) => void) | undefined;
}

/** {@link ClaimSingleInstanceOptions} with their defaults. */
export interface Claim {
  readonly name: string;
  readonly waitSeconds: number;
  readonly terms: LeaseOptions;
  readonly signal: AbortSignal | undefined;
  readonly report: (message: string) => void;
}

export function readClaimOptions(options: ClaimSingleInstanceOptions): Claim {
  assertKnownOptions('claimSingleInstance', options, [
    'name',
    'waitSeconds',
    'durationSeconds',
    'marginSeconds',
    'signal',
    'report',
  ]);
  const {
    name = 'single-instance',
    waitSeconds = 10,
    durationSeconds = 6,
    marginSeconds,
    signal,
    report = (message) => console.warn(message),
  } = options;
  assertName('lease', name);
  assertDuration('durationSeconds', durationSeconds);
  if (waitSeconds !== 0) assertWait(waitSeconds, durationSeconds);
  if (typeof report !== 'function') {
    throw new InvalidOptionError(
      `report must be a function that takes a message, but found ${describeType(report)}.`,
    );
  }
  const terms = { durationSeconds, marginSeconds, takeover: 'cautious' } as const;
  return { name, waitSeconds, terms, signal, report };
}

/** A wait that is too short would be in vain at every start after a power cut, under a supervisor for ever. */
function assertWait(waitSeconds: unknown, durationSeconds: number): void {
  assertDuration('waitSeconds', waitSeconds);
  if (durationSeconds < waitSeconds) return;
  throw new InvalidDurationError(
    `waitSeconds must be 0, or more than durationSeconds (${durationSeconds}), but found ${waitSeconds}: after a power cut the claim left behind ` +
      'must be seen to stand still for its whole duration before the app may start. Wait longer, or let the claim last shorter.',
  );
}
