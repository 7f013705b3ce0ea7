import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import { Programs } from '../programs.ts';
import { createAppStore } from './app-store.ts';
import type { History } from './operation.ts';
import type { SessionSettings } from './session-messages.ts';
import { SessionProcess } from './session-processes.ts';

export interface CrewOptions {
  readonly processes: number;
  readonly tokens: number;
  readonly users: number;
  readonly seed: number;
  readonly longestLoadMilliseconds: number;
  /** `session-process.ts`, or what it was compiled to. */
  readonly program: URL;
  /** Of the process with this number; they are numbered as they are started. */
  settingsOf(number: number): SessionSettings;
  /** Until nothing is under way that a process of this name, which was killed, has asked a server for. */
  untilServed(name: string): Promise<void>;
}

/** More than one process ever makes. */
const SESSIONS_OF_A_PROCESS = 1e8;

/** The processes that share the sessions of a file. All of them are ended with it. */
export class SessionCrew implements Disposable {
  readonly database: string;
  /** Those that take part in rounds. */
  readonly all: SessionProcess[] = [];
  readonly #folder: TemporaryFolder;
  readonly #options: CrewOptions;
  readonly #origin = String(process.hrtime.bigint());
  readonly #programs: Programs;
  readonly #joining = new Set<Promise<void>>();
  #started = 0;

  constructor(folder: TemporaryFolder, options: CrewOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#programs = new Programs(options.program);
    this.database = folder.file('sessions.db');
    createAppStore(this.#appStore, options.tokens, options.users);
  }

  async startAll(): Promise<void> {
    for (let count = 0; count < this.#options.processes; count++) this.join();
    await this.allJoined();
  }

  /** Starts one more, which takes part from the next round on that begins when it is ready. */
  join(): void {
    const joining = this.#start().finally(() => this.#joining.delete(joining));
    this.#joining.add(joining);
  }

  async allJoined(): Promise<void> {
    await Promise.all(this.#joining);
  }

  /** What all of them did in one round of so many operations each. */
  async round(operations: number): Promise<(() => History)[]> {
    this.#removeEnded();
    if (this.all.length === 0) await Promise.race(this.#joining);
    const taking = [...this.all];
    const histories = await Promise.all(
      taking.map((each) => each.round(this.#folder.path, operations)),
    );
    this.#removeEnded();
    await this.#replaceLeaving();
    return histories;
  }

  async leave(): Promise<void> {
    await this.allJoined();
    this.#removeEnded();
    await Promise.all(this.all.splice(0).map((each) => each.leave()));
  }

  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
  }

  get #appStore(): string {
    return this.#folder.file('app.db');
  }

  async #start(): Promise<void> {
    const { tokens, users, seed, longestLoadMilliseconds, settingsOf, untilServed } = this.#options;
    const number = ++this.#started;
    const order = {
      name: `process-${number}`,
      tokens,
      users,
      seed: seed + number,
      longestLoadMilliseconds,
      firstSession: number * SESSIONS_OF_A_PROCESS,
      database: this.database,
      appStore: this.#appStore,
      origin: this.#origin,
      settings: settingsOf(number),
    };
    const started = new SessionProcess(this.#programs, order, () => untilServed(order.name));
    await started.isReady();
    this.all.push(started);
  }

  #removeEnded(): void {
    for (const each of this.all.filter(({ hasEnded }) => hasEnded)) {
      this.all.splice(this.all.indexOf(each), 1);
    }
  }

  async #replaceLeaving(): Promise<void> {
    const leaving = this.all.filter(({ isLeaving }) => isLeaving);
    for (const each of leaving) {
      this.all.splice(this.all.indexOf(each), 1);
      await each.leave();
      this.join();
    }
  }
}
