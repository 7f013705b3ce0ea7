import type { Clock } from '../../contract/clock.ts';
import {
  InvalidOptionError,
  SharedMemoryClosedError,
  SharedMemoryFailedError,
} from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';
import { FileIdentity } from '../../files/file-identity.ts';
import { atEndOfThread } from '../../waiting/at-end-of-thread.ts';
import { FenceMarks } from './fence-marks.ts';
import { closeNow, type Environment } from './load-lmdb.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { OpeningGate } from './opening-gate.ts';
import { SessionTables } from './session-tables.ts';
import { translateError } from './translate-error.ts';

/** What stands beside the file: LMDB's locks, and those of its opening. */
const COMPANIONS = ['-lock', '-gate'];

const CLOSE_SECONDS = 2;

/**
 * Memory that processes of this host share. `openSharedMemory` makes it; `SharedMemorySessionCache` is built on it. Whoever opened it
 * closes it.
 */
export class SharedMemory implements AsyncDisposable {
  /** The absolute path of the file, in memory like the folder that it is in. */
  readonly file: string;
  /** @internal */
  readonly clock: Clock;
  /** @internal */
  readonly tables: SessionTables;
  /** @internal */
  readonly marks: FenceMarks;
  /** @internal */
  readonly budget: MemoryBudget;
  readonly #environment: Environment;
  readonly #gate: OpeningGate;
  readonly #identity: FileIdentity;
  #lastTransaction = 1;
  #closing: Promise<void> | undefined;
  readonly #forgetEnd: () => void;

  /** While nobody else writes. @internal */
  constructor(
    environment: Environment,
    gate: OpeningGate,
    options: {
      readonly file: string;
      /** What `identityOf` the file was before it was opened. */
      readonly before: string | null;
      readonly clock: Clock;
      readonly maxMegabytes: number;
    },
  ) {
    this.file = options.file;
    this.clock = options.clock;
    this.#environment = environment;
    this.#gate = gate;
    this.#identity = new FileIdentity(options.file, {
      companions: COMPANIONS,
      before: options.before,
      now: options.clock.now(),
    });
    this.tables = new SessionTables(environment);
    this.marks = new FenceMarks(environment);
    const tables = [...this.tables.all, this.marks.table];
    this.budget = new MemoryBudget(options.file, environment, tables, options.maxMegabytes);
    // At its end the package closes what is open, beside whoever is just opening it: the last to close destroys the locks (`mdb_env_close_active`), and the one
    // that has come meanwhile can begin no transaction ("No transaction to renew"). The garbage collector would close it at any moment.
    this.#forgetEnd = atEndOfThread(() => gate.aloneNow(() => closeNow(environment)));
  }

  /**
   * Runs `work` on what is committed now. The package would read the same state for as long as a turn of the event loop lasts, and not see
   * what others have invalidated meanwhile: hence the reset before. The one after lets go of that state, or a process that is stopped right then
   * would keep the pages of it from being used again.
   *
   * @internal
   */
  read<T>(now: number, work: () => T): T {
    this.#assertOpen();
    this.#identity.assertSameNowAndThen(now);
    this.#environment.resetReadTxn();
    try {
      return work();
    } catch (error) {
      throw translateError(error, this.file);
    } finally {
      this.#environment.resetReadTxn();
    }
  }

  /**
   * Runs `work` as one transaction, which others see as a whole or not at all, and waits for the writers before it. One that `revokes` looks
   * at all files beforehand, and another one at all but the first once a second.
   *
   * @internal
   */
  write<T>(work: () => T, { revokes }: { readonly revokes: boolean }): T {
    this.#assertOpen();
    if (revokes) this.#identity.assertSame();
    else this.#identity.assertSameFile(this.clock.now());
    try {
      return this.#gate.beside(() => this.#transact(work));
    } catch (error) {
      throw translateError(error, this.file);
    }
  }

  /** Lets go of the memory; the sessions stay for the other processes, and for the next ones, until the machine is restarted. Calling it again does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #transact<T>(work: () => T): T {
    return this.#environment.transactionSync(() => {
      this.#assertNewest();
      return work();
    });
  }

  /**
   * The package does not say so when LMDB could not begin a transaction, and none of the writes in it would be made: its number is 0 then. One that comes to
   * nothing gives its number to the next.
   */
  #assertNewest(): void {
    const transaction = this.#environment.getWriteTxnId();
    if (transaction < this.#lastTransaction) {
      throw new SharedMemoryFailedError(
        `LMDB began no transaction on ${this.file} (number ${transaction}, after ${this.#lastTransaction}). Nothing was written. Restart every process that uses it.`,
      );
    }
    this.#lastTransaction = transaction;
  }

  /** Where others do not let it be alone, it is left to the end of the process. */
  async #close(): Promise<void> {
    const isClosed = await this.#gate.alone(CLOSE_SECONDS, () => {
      closeNow(this.#environment);
      this.#forgetEnd();
      return true;
    });
    if (isClosed) this.#gate.close();
  }

  #assertOpen(): void {
    if (this.#closing === undefined) return;
    throw new SharedMemoryClosedError(
      `The shared memory ${this.file} was closed. Use it for as long as requests arrive, and close it after the caches that are built on it.`,
    );
  }
}

/** @throws InvalidOptionError unless it is one. */
export function assertSharedMemory(of: string, memory: unknown): asserts memory is SharedMemory {
  if (memory instanceof SharedMemory) return;
  const found = memory instanceof Promise ? 'a promise (await it)' : describeType(memory);
  throw new InvalidOptionError(`${of} needs what openSharedMemory gives, but found ${found}.`);
}
