import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  type OnehostDatabase,
  openDatabase,
  Scheduler,
  type SchedulerOptions,
  type TransactionConnection,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** What a process of the app has, as far as jobs go. */
export interface TestProcess {
  readonly database: OnehostDatabase;
  readonly leases: DatabaseLeaseStore;
  readonly ledger: DatabaseJobLedger;
  readonly scheduler: Scheduler<TransactionConnection>;
  /** What the scheduler told its `onError`. */
  readonly errors: { error: unknown; job: string | null }[];
}

/** One file and one clock, shared by what would be the processes of a host. */
export class ScheduledHost implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly #folder = new TemporaryFolder();
  readonly #processes: TestProcess[] = [];

  get file(): string {
    return this.#folder.file('jobs.db');
  }

  async openProcess(
    options: Partial<SchedulerOptions<TransactionConnection>> = {},
  ): Promise<TestProcess> {
    const database = await openDatabase(this.file, { clock: this.clock });
    const leases = new DatabaseLeaseStore(database);
    const ledger = new DatabaseJobLedger(database);
    const errors: TestProcess['errors'] = [];
    const scheduler = new Scheduler<TransactionConnection>({
      leases,
      ledger,
      onError: (error, job) => errors.push({ error, job }),
      ...options,
    });
    const opened = { database, leases, ledger, scheduler, errors };
    this.#processes.push(opened);
    return opened;
  }

  /** Lets time pass, and everybody do what falls due on the way. */
  async pass(seconds: number): Promise<void> {
    await this.settle();
    for (let left = Math.round(seconds * 20); left > 0; left--) {
      this.clock.advance(0.05);
      await this.settle();
    }
  }

  /** Lets promises that can settle do so. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = Promise.all(this.#processes.map(({ scheduler }) => scheduler.stop()));
    // The drain time of jobs that never end.
    await this.pass(11);
    await stopped;
    for (const { database } of this.#processes) database.close();
    this.#folder[Symbol.dispose]();
  }
}
