import { publish } from '../contract/events.ts';
import type { UnrunTicks } from '../contract/job-ledger.ts';
import { pause } from '../waiting/pause.ts';
import type { Activity } from './activity.ts';
import { isAheadOf, rewindJob } from './clock-set-back.ts';
import { type Ownership, untilRecorded } from './ownership.ts';
import type { ReadyJob } from './read-job.ts';
import type { TickRange } from './schedule.ts';
import { TickRun } from './tick-run.ts';
import { TickWait } from './tick-wait.ts';

/** Ticks that are due: to be run, or to be recorded as not run. */
type DueTicks =
  | { readonly outcome: 'run'; readonly tick: number }
  | (TickRange & { readonly outcome: UnrunTicks['outcome'] });

/**
 * The ticks of one job during one term. Everything that is due goes through one queue, in the order of time, since the ledger
 * takes no tick before one that it has:
 *
 * ```
 *   timer -> due: the misfire rule keeps some, the overlap rule skips some -> queue -> begin and run
 *                                                                                \-> recorded as missed or skipped
 * ```
 *
 * What is still in the queue when the term ends is in no record, and is due for the next owner.
 */
export class JobTicks<Connection> {
  readonly #job: ReadyJob<Connection>;
  readonly #owner: Ownership<Connection>;
  readonly #activity: Activity;
  readonly #queue: DueTicks[] = [];
  /** The last tick that is in the queue, or has been. */
  #cursor = 0;
  /** Where the job was set back to last. It is not set back from there: the ledger would have gone farther if it could. */
  #rewoundTo: number | null = null;
  /** How many ticks in the queue wait for their run. */
  #waiting = 0;
  #isWorking = false;

  constructor(job: ReadyJob<Connection>, owner: Ownership<Connection>, activity: Activity) {
    this.#job = job;
    this.#owner = owner;
    this.#activity = activity;
    activity.onEnd = () => void this.#work();
  }

  async start(): Promise<void> {
    const { name, schedule } = this.#job;
    const { ledger, lease, clock } = this.#owner;
    const startAt = new Date(Math.floor(clock.now()));
    const result = await untilRecorded(this.#owner, name, () =>
      ledger.register(lease, { name, schedule: schedule.description, startAt }),
    );
    if (result === null) return;
    const { handledUntil, replacedSchedule } = result.written;
    if (replacedSchedule !== null) {
      publish('onehost:job-schedule-replaced', {
        job: name,
        schedule: schedule.description,
        replacedSchedule,
      });
    }
    this.#cursor = handledUntil.getTime();
    await this.#waitForNext();
  }

  /** No tick begins from then on. A run that goes on is not waited for. */
  get #hasEnded(): boolean {
    return this.#owner.stopping.aborted || this.#owner.lease.signal.aborted;
  }

  async #waitForNext(): Promise<void> {
    if (this.#isAhead) await this.#rewind();
    if (this.#hasEnded) return;
    const { schedule } = this.#job;
    const next = schedule.nextAfter(this.#cursor);
    if (next !== null) this.#wait(new TickWait(next, schedule, this.#owner.clock));
  }

  #wait(wait: TickWait): void {
    const { clock } = this.#owner;
    clock.after(wait.milliseconds, () => {
      if (this.#hasEnded) return;
      const { isDue } = wait;
      const now = clock.now();
      if (isDue) this.#due(Math.max(wait.tick, now), now);
      if (isDue || this.#isAhead) void this.#waitForNext();
      else this.#wait(wait);
    });
  }

  /** Ticks in the queue have to be dealt with first: the ledger takes none before those that it has. */
  get #isAhead(): boolean {
    const isIdle = this.#queue.length === 0 && !this.#isWorking;
    const isTimed = this.#job.schedule.longestWait === null;
    const canRewind = isTimed && isIdle && this.#cursor !== this.#rewoundTo;
    return canRewind && isAheadOf(this.#owner.clock.now(), this.#cursor);
  }

  async #rewind(): Promise<void> {
    const rewoundTo = await rewindJob(this.#job.name, this.#owner, this.#cursor);
    if (rewoundTo === null) return;
    this.#cursor = rewoundTo;
    this.#rewoundTo = rewoundTo;
  }

  /** Puts what has become due up to `until` into the queue. */
  #due(until: number, now: number): void {
    const { schedule, misfire, backlogLimit, graceMilliseconds, overlap } = this.#job;
    const most = misfire === 'all' ? backlogLimit : 1;
    const { older, newest } = schedule.ticksBetween(this.#cursor, until, most);
    const inTime = newest.filter((tick) => now - tick <= graceMilliseconds);
    const late = newest.slice(0, newest.length - inTime.length);
    if (older !== null) this.#enqueue({ ...older, outcome: 'missed' });
    for (const tick of late) this.#enqueue({ ...single(tick), outcome: 'missed' });
    const isBusy = this.#activity.isRunning || this.#waiting > 0;
    for (const tick of inTime) {
      const isSkipped = (isBusy && overlap === 'skip') || this.#waiting >= backlogLimit;
      this.#enqueue(isSkipped ? { ...single(tick), outcome: 'skipped' } : { outcome: 'run', tick });
    }
    void this.#work();
  }

  #enqueue(due: DueTicks): void {
    const last = this.#queue.at(-1);
    if (due.outcome !== 'run' && last?.outcome === due.outcome) {
      this.#queue[this.#queue.length - 1] = {
        ...last,
        last: due.last,
        ticks: last.ticks + due.ticks,
      };
    } else {
      this.#queue.push(due);
    }
    if (due.outcome === 'run') this.#waiting += 1;
    this.#cursor = due.outcome === 'run' ? due.tick : due.last;
  }

  /** Takes from the queue until it is empty, or its head has to wait for the run that goes on. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (;;) {
      const head = this.#queue[0];
      if (head === undefined || this.#hasEnded) break;
      if (head.outcome === 'run') {
        if (this.#activity.isRunning) break;
        this.#queue.shift();
        this.#waiting -= 1;
        // Once it is recorded as begun: before that, a later tick that is skipped would count it as dealt with.
        await new Promise<void>((resolve) => {
          this.#activity.begin(() => this.#run(head.tick, resolve));
        });
      } else {
        this.#queue.shift();
        await this.#recordUnrun(head, head.outcome);
      }
    }
    this.#isWorking = false;
  }

  async #recordUnrun(range: TickRange, outcome: UnrunTicks['outcome']): Promise<void> {
    const { ledger, lease } = this.#owner;
    const job = this.#job.name;
    const [scheduledFor, last] = [new Date(range.first), new Date(range.last)];
    const { ticks } = range;
    const result = await untilRecorded(this.#owner, job, () =>
      ledger.recordUnrun(lease, { job, first: scheduledFor, last, ticks, outcome }),
    );
    if (result === null) return;
    publish('onehost:job-run', { job, scheduledFor, ticks, outcome, error: null });
  }

  async #run(tick: number, onBegun: () => void): Promise<void> {
    const hasBegun = await this.#begin(tick);
    onBegun();
    if (hasBegun) await new TickRun(this.#job, this.#owner, tick).run();
  }

  /** `false` when the term ended before, or the tick has been dealt with. */
  async #begin(tick: number): Promise<boolean> {
    const { name, jitterMilliseconds } = this.#job;
    const { ledger, lease, clock, stopping } = this.#owner;
    if (jitterMilliseconds > 0) {
      await pause(clock, Math.random() * jitterMilliseconds, lease.signal, stopping);
    }
    const result = await untilRecorded(this.#owner, name, async () => {
      // The jitter, and each attempt that failed, have taken their time.
      if (this.#hasEnded) return false;
      if (await ledger.begin(lease, name, new Date(tick))) return true;
      // By an attempt before, of which the answer was lost: nobody else would run it. It need not have been ours: a client may have sent this one twice.
      return this.#isRecordedAsBegun(tick);
    });
    return result?.written ?? false;
  }

  /** Whether this term has begun the tick, as far as the ledger knows. */
  async #isRecordedAsBegun(tick: number): Promise<boolean> {
    const { ledger, lease } = this.#owner;
    const runs = await ledger.runs(this.#job.name);
    return runs.some(
      ({ scheduledFor, outcome, instance, fencingToken }) =>
        +scheduledFor === tick &&
        outcome === 'running' &&
        instance === lease.holder.id &&
        fencingToken === lease.fencingToken,
    );
  }
}

function single(tick: number): TickRange {
  return { first: tick, last: tick, ticks: 1 };
}
