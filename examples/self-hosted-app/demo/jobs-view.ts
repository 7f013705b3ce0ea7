import { setTimeout as wait } from 'node:timers/promises';
import type { TermReason } from 'onehost';
import type { Browser } from './browser.ts';
import { accountForTicks, type CountedTick, type Run, type TickAccount } from './tick-accounts.ts';

const JOB = 'login-statistics';
const POLL_MILLISECONDS = 20;
const LIMIT_SECONDS = 30;

/** The worker that runs the jobs. */
export interface Owner {
  readonly worker: number;
  readonly processId: number;
  readonly since: Date;
  readonly reason: TermReason;
  readonly fencingToken: number;
  /** Whether the end of its process can be seen, and not only that it does not renew. */
  readonly isSeenToEnd: boolean;
}

interface Overview {
  readonly answeredBy: { readonly worker: number; readonly processId: number };
  readonly seesProcessEnd: boolean;
  readonly owner:
    | (Omit<Owner, 'worker' | 'since' | 'isSeenToEnd'> & { readonly since: string })
    | null;
}

/** The jobs as the app shows them to whoever is logged in, whichever worker is asked. */
export class JobsView {
  readonly #browser: Browser;
  readonly #workers: readonly number[];
  readonly #everySeconds: number;

  constructor(
    browser: Browser,
    options: { readonly workers: readonly number[]; readonly everySeconds: number },
  ) {
    this.#browser = browser;
    this.#workers = options.workers;
    this.#everySeconds = options.everySeconds;
  }

  /** Asks every worker for its process, so that no other process is ever taken for one of the app. */
  async owner(): Promise<Owner> {
    return this.#until('a worker runs the jobs', async () => {
      const overviews = await Promise.all(this.#workers.map((worker) => this.#overview(worker)));
      return ownerIn(overviews, overviews.at(-1)?.owner ?? null);
    });
  }

  /** Who has taken over from `before`, as another worker tells it. With `isBack` it may be the same worker, started anew. */
  async successorOf(before: Owner, isBack = false): Promise<Owner> {
    const asked = this.#workers.filter((worker) => isBack || worker !== before.worker);
    return this.#until('another worker runs the jobs', async () => {
      const overviews = await Promise.all(asked.map((worker) => this.#overview(worker)));
      const owner = overviews[0]?.owner ?? null;
      return owner?.fencingToken === before.fencingToken ? null : ownerIn(overviews, owner);
    });
  }

  /** The worker that runs the jobs and the tick that it is counting for, as soon as it is in the middle of one. */
  async ownerInMidRun(): Promise<{ readonly owner: Owner; readonly tick: Date }> {
    return this.#until('the job is running', async () => {
      const owner = await this.owner();
      const tick = await this.runningTick(owner);
      return tick && { owner, tick };
    });
  }

  /** The tick that `owner` is counting for, as another worker tells it; `null` when it is between two, or has counted. */
  async runningTick(owner: Owner): Promise<Date | null> {
    const other = this.otherThan(owner);
    const [newest] = await this.#runs(other);
    if (newest?.outcome !== 'running' || newest.fencingToken !== owner.fencingToken) return null;
    const tick = new Date(newest.scheduledFor);
    const counted = await this.#counts(other);
    return counted.some(({ countedFor }) => +countedFor === +tick) ? null : tick;
  }

  /** What became of every tick since the app was started first, once it is known up to `until`. */
  async accountsUntil(until: Date, worker: number): Promise<TickAccount[]> {
    return this.#until(`${until.toISOString()} is accounted for`, async () => {
      const runs = await this.#runs(worker);
      const accounts = accountForTicks(runs, await this.#counts(worker), this.#everySeconds);
      const newest = accounts.at(-1);
      return newest !== undefined && newest.tick >= until ? accounts : null;
    });
  }

  otherThan(owner: Owner): number {
    const other = this.#workers.find((worker) => worker !== owner.worker);
    if (other === undefined) throw new Error('There is one worker only.');
    return other;
  }

  #overview(worker: number): Promise<Overview> {
    return this.#browser.json<Overview>(worker, '/jobs');
  }

  #runs(worker: number): Promise<Run[]> {
    return this.#browser.json<Run[]>(worker, `/jobs/${JOB}/runs`);
  }

  async #counts(worker: number): Promise<CountedTick[]> {
    const rows = await this.#browser.json<{ countedFor: string; worker: number }[]>(
      worker,
      '/jobs/statistics',
    );
    return rows.map((row) => ({ ...row, countedFor: new Date(row.countedFor) }));
  }

  async #until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
    const end = performance.now() + LIMIT_SECONDS * 1000;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      if (performance.now() > end) {
        throw new Error(`Waited ${LIMIT_SECONDS} s in vain for this: ${what}.`);
      }
      await wait(POLL_MILLISECONDS);
    }
  }
}

/** `null` when nobody owns the jobs, or a process that is not among those that answered. */
function ownerIn(overviews: readonly Overview[], owner: Overview['owner']): Owner | null {
  const found = overviews.find(({ answeredBy }) => answeredBy.processId === owner?.processId);
  if (owner === null || found === undefined) return null;
  return {
    ...owner,
    since: new Date(owner.since),
    worker: found.answeredBy.worker,
    isSeenToEnd: found.seesProcessEnd,
  };
}
