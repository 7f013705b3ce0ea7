import type { LeaseSummary } from '../lease-store.ts';
import type { OnehostError } from './onehost-error.ts';

/** A variable that says how many workers there are holds something else than a positive integer. */
export class InvalidWorkersError extends RangeError implements OnehostError {
  override readonly name = 'InvalidWorkersError';
  readonly code = 'ONEHOST_INVALID_WORKERS';
}

/** A variable that says where sessions are kept holds something that cannot be meant. */
export class InvalidSettingError extends TypeError implements OnehostError {
  override readonly name = 'InvalidSettingError';
  readonly code = 'ONEHOST_INVALID_SETTING';
}

/** Several processes would each have a cache of their own: a logout in one would not reach the others. */
export class UnsafeDeploymentError extends Error implements OnehostError {
  override readonly name = 'UnsafeDeploymentError';
  readonly code = 'ONEHOST_UNSAFE_DEPLOYMENT';
}

/** Another instance of the app is running, and did not leave in time. */
export class InstanceAlreadyRunningError extends Error implements OnehostError {
  override readonly name = 'InstanceAlreadyRunningError';
  readonly code = 'ONEHOST_INSTANCE_ALREADY_RUNNING';
  /** The claim of the running instance: its holder, since when, its last heartbeat, and what speaks for its being alive. */
  readonly running: LeaseSummary | null;

  constructor(message: string, running: LeaseSummary | null) {
    super(message);
    this.running = running;
  }
}
