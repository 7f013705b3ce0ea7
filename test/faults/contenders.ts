import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type {
  Acquired,
  ContenderOrder,
  ContenderReport,
  ContenderRequest,
  Refused,
  Usage,
} from './contender-messages.ts';
import {
  createIncrements,
  type Increment,
  readAcknowledged,
  readIncrements,
  violationsOf,
} from './increments.ts';
import { next, Programs } from './programs.ts';

export interface Contender {
  readonly child: ChildProcess;
  readonly acquired: Acquired[];
  readonly refused: Refused[];
}

/** Processes that contend for one lease, and what they report. All of them are ended with it. */
export class Contenders implements Disposable {
  readonly file: string;
  readonly all: Contender[] = [];
  readonly #acquired = new EventEmitter();
  readonly #order: ContenderOrder;
  readonly #programs: Programs;

  constructor(
    file: string,
    options: Partial<Omit<ContenderOrder, 'file'>> & { env?: NodeJS.ProcessEnv } = {},
  ) {
    const { env, ...order } = options;
    this.file = file;
    this.#order = { pauseMilliseconds: 2, blockSeconds: 0, ...order, file };
    this.#programs = new Programs(new URL('./contender.ts', import.meta.url), env);
    createIncrements(file);
  }

  /** Starts one more; resolves when it contends. */
  async start(): Promise<Contender> {
    const child = this.#programs.start(this.#order);
    const contender: Contender = { child, acquired: [], refused: [] };
    this.all.push(contender);
    child.on('message', (report: ContenderReport) => {
      if (report.type === 'acquired') {
        contender.acquired.push(report);
        this.#acquired.emit('acquired', contender, report);
      }
      if (report.type === 'refused') contender.refused.push(report);
    });
    await next(child, 'message');
    return contender;
  }

  /** Starts one that holds it, and as many that stand by. */
  async startTeam(standbys: number): Promise<Contender> {
    const holder = await this.start();
    if (holder.acquired.length === 0) await this.report(holder, 'acquired');
    await Promise.all(Array.from({ length: standbys }, () => this.start()));
    return holder;
  }

  /** Who reports having acquired it, from now on; of those that are started from now on too. */
  async nextHolder(): Promise<{ holder: Contender; acquired: Acquired }> {
    const [holder, acquired] = (await next(this.#acquired, 'acquired')) as [Contender, Acquired];
    return { holder, acquired };
  }

  tell({ child }: Contender, request: ContenderRequest): void {
    child.send(request);
  }

  /** A report of this kind, from now on. */
  async report<Type extends ContenderReport['type']>(
    { child }: Contender,
    type: Type,
  ): Promise<Extract<ContenderReport, { type: Type }>> {
    for (;;) {
      const [report] = (await next(child, 'message')) as [ContenderReport];
      if (report.type === type) return report as Extract<ContenderReport, { type: Type }>;
    }
  }

  /** How it was refused when it wanted to go on writing in that term. */
  async refusal({ child, refused }: Contender, fencingToken: number): Promise<Refused> {
    for (;;) {
      const found = refused.find((each) => each.fencingToken === fencingToken);
      if (found !== undefined) return found;
      await next(child, 'message');
    }
  }

  async usage(contender: Contender): Promise<Usage> {
    const usage = this.report(contender, 'usage');
    this.tell(contender, 'usage');
    return usage;
  }

  /** Ends one without any chance to say good-bye. */
  async kill(contender: Contender): Promise<void> {
    await this.#programs.kill(contender.child);
    this.all.splice(this.all.indexOf(contender), 1);
  }

  /** What was written under the lease, in the order of the commits. */
  increments(): Increment[] {
    return readIncrements(this.file);
  }

  /** Two writers at a time, and what they would have lost. */
  violations(): string[] {
    // In this order: an increment is written before it is acknowledged.
    const acknowledged = readAcknowledged(this.file);
    return violationsOf(this.increments(), acknowledged);
  }

  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
  }
}
