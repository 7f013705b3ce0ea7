import { ClockSetBackError } from '../contract/errors/index.ts';
import { publish } from '../contract/events.ts';
import { type Ownership, untilRecorded } from './ownership.ts';

/** What a clock is set by in its ordinary life is less, and costs a job no more than this much silence. */
const TOLERATED_MILLISECONDS = 60_000;

/** What may have fallen due since the clock was set back, before that was noticed: the longest wait without a look at it. */
const UNNOTICED_MILLISECONDS = 60_000;

/** Whether ticks have been dealt with that lie so far ahead that the clock must have been set back since. */
export function isAheadOf(now: number, handledUntil: number): boolean {
  return handledUntil - now > TOLERATED_MILLISECONDS;
}

/**
 * Sets a job back to a minute ago and tells it, or the job would be silent until the clock has come to where it was: for years,
 * after one minute with a wrong one. Gives up to where its ticks have been dealt with now; `null` when the lease was lost before.
 */
export async function rewindJob(
  job: string,
  owner: Ownership,
  handledUntil: number,
): Promise<number | null> {
  const { ledger, lease, clock, report } = owner;
  const result = await untilRecorded(owner, job, () =>
    ledger.rewind(lease, { job, to: new Date(Math.floor(clock.now() - UNNOTICED_MILLISECONDS)) }),
  );
  if (result === null) return null;
  const rewoundTo = result.written;
  const times = { handledUntil: new Date(handledUntil), rewoundTo };
  report(clockSetBack(job, times, new Date(clock.now())), job);
  if (rewoundTo < times.handledUntil) publish('onehost:job-rewound', { job, ...times });
  return rewoundTo.getTime();
}

function clockSetBack(
  job: string,
  { handledUntil, rewoundTo }: { readonly handledUntil: Date; readonly rewoundTo: Date },
  now: Date,
): ClockSetBackError {
  const goesOn = isAheadOf(now.getTime(), rewoundTo.getTime())
    ? `It goes on after ${rewoundTo.toISOString()} and no sooner: ticks up to then may have run, and their records are gone. To have it run now, give it another name.`
    : 'It goes on from now, but for ticks that it has run already.';
  return new ClockSetBackError(
    `The clock was set back: ticks of the job "${job}" have been dealt with up to ${handledUntil.toISOString()}, and it is ${now.toISOString()} now. ` +
      `${goesOn} See why the clock of this machine was ahead.`,
  );
}
