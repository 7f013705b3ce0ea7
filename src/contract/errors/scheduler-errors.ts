import type { OnehostError } from './onehost-error.ts';

/** A job that cannot be meant: an unreadable cron expression, an unknown time zone, a second job of the same name. */
export class InvalidJobError extends TypeError implements OnehostError {
  override readonly name = 'InvalidJobError';
  readonly code = 'ONEHOST_INVALID_JOB';
}

/** A job was ahead of the clock, which must have been set back: what the scheduler did about it. Told and never thrown. */
export class ClockSetBackError extends Error implements OnehostError {
  override readonly name = 'ClockSetBackError';
  readonly code = 'ONEHOST_CLOCK_SET_BACK';
}

/** The run is over: it took longer than its `timeoutSeconds`, or had returned. What was to be done in it was not done. */
export class RunEndedError extends Error implements OnehostError {
  override readonly name = 'RunEndedError';
  readonly code = 'ONEHOST_RUN_ENDED';
}

/** The scheduler stops, or was stopped. As the reason of a run's signal: end soon, your writes still count. */
export class SchedulerStoppedError extends Error implements OnehostError {
  override readonly name = 'SchedulerStoppedError';
  readonly code = 'ONEHOST_SCHEDULER_STOPPED';
}
