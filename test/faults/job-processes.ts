import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { withConnection } from '../support/sqlite-file.ts';
import type { Begun, JobOrder, JobReport } from './job-messages.ts';
import { EFFECTS_TABLE } from './job-records.ts';
import { next, Programs } from './programs.ts';

/** Processes that have the same job each second, and what they report. All of them are ended with it. */
export class JobProcesses implements Disposable {
  readonly file: string;
  readonly all: ChildProcess[] = [];
  /** Each tick that any of them began to run. */
  readonly begun: Begun[] = [];
  /** Why a lease was lost, of each that was and whose holder lived to tell. */
  readonly lost: string[] = [];
  /** What went wrong in them that should not have. */
  readonly surprises: string[] = [];
  readonly #order: JobOrder;
  readonly #programs: Programs;
  readonly #begun = new EventEmitter();
  #owner: ChildProcess | null = null;

  constructor(file: string, options: Omit<JobOrder, 'file'> & { env?: NodeJS.ProcessEnv }) {
    const { env, ...order } = options;
    this.file = file;
    this.#order = { ...order, file };
    this.#programs = new Programs(new URL('./job-process.ts', import.meta.url), env);
    withConnection(file, (connection) => connection.exec(EFFECTS_TABLE));
  }

  /** Starts one more; resolves when it contends. */
  async start(): Promise<ChildProcess> {
    const child = this.#programs.start(this.#order);
    this.all.push(child);
    child.on('message', (report: JobReport) => {
      if (report.type === 'lost') this.lost.push(report.message);
      if (report.type === 'surprised') this.surprises.push(report.message);
      if (report.type !== 'begun') return;
      this.#owner = child;
      this.begun.push(report);
      this.#begun.emit('begun', child);
    });
    await next(child, 'message');
    return child;
  }

  async startTeam(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.start()));
  }

  /** Who begins a tick, from now on. */
  async nextBegun(): Promise<ChildProcess> {
    const [child] = (await next(this.#begun, 'begun')) as [ChildProcess];
    return child;
  }

  /** Ends one without any chance to say good-bye. */
  async kill(child: ChildProcess): Promise<void> {
    await this.#programs.kill(child);
    this.all.splice(this.all.indexOf(child), 1);
  }

  /** All of them stop and end, as in a shutdown; who runs the job last, so that nobody takes over for a moment. */
  async leave(): Promise<void> {
    const last = this.all.filter((child) => child === this.#owner);
    for (const child of [...this.all.filter((each) => each !== this.#owner), ...last]) {
      const exited = next(child, 'exit');
      child.send('leave');
      await exited;
    }
    this.all.length = 0;
  }

  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
  }
}
