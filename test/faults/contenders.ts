import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TermReason } from '../../src/index.ts';
import { withConnection } from '../support/sqlite-file.ts';

export interface ContenderOrder {
  readonly file: string;
  readonly durationSeconds?: number;
  /** Between reading and writing. */
  readonly pauseMilliseconds: number;
  readonly blockSeconds: number;
}

export type ContenderReport =
  | { readonly type: 'contending' }
  | Acquired
  | { readonly type: 'released'; readonly at: number }
  | Refused;

export interface Acquired {
  readonly type: 'acquired';
  readonly fencingToken: number;
  readonly reason: TermReason;
  /** On the monotonic clock that the processes share. */
  readonly at: number;
  readonly wall: number;
}

export interface Refused {
  readonly type: 'refused';
  readonly fencingToken: number;
  readonly code: string;
  /** Whether the signal had aborted when the write was refused. */
  readonly signalAborted: boolean;
  readonly at: number;
}

export interface Contender {
  readonly child: ChildProcess;
  readonly acquired: Acquired[];
  readonly refused: Refused[];
}

const program = fileURLToPath(new URL('./contender.ts', import.meta.url));

/** Processes that contend for one lease, and what they report. All of them are ended with it. */
export class Contenders implements Disposable {
  readonly all: Contender[] = [];
  readonly #acquired = new EventEmitter();
  readonly #order: ContenderOrder;
  readonly #env: NodeJS.ProcessEnv;

  constructor(
    file: string,
    options: Partial<Omit<ContenderOrder, 'file'>> & { env?: NodeJS.ProcessEnv } = {},
  ) {
    const { env = process.env, ...order } = options;
    this.#order = { pauseMilliseconds: 2, blockSeconds: 0, ...order, file };
    this.#env = env;
    withConnection(file, (connection) => {
      connection.exec('create table increments (n integer not null, token integer not null)');
    });
  }

  /** Starts one more; resolves when it contends. */
  async start(): Promise<Contender> {
    const child = fork(program, [JSON.stringify(this.#order)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: this.#env,
    });
    const contender: Contender = { child, acquired: [], refused: [] };
    this.all.push(contender);
    child.on('message', (report: ContenderReport) => {
      if (report.type === 'acquired') {
        contender.acquired.push(report);
        this.#acquired.emit('acquired', contender, report);
      }
      if (report.type === 'refused') contender.refused.push(report);
    });
    await once(child, 'message');
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
    const [holder, acquired] = (await once(this.#acquired, 'acquired')) as [Contender, Acquired];
    return { holder, acquired };
  }

  /** A report of this kind, from now on. */
  async report<Type extends ContenderReport['type']>(
    { child }: Contender,
    type: Type,
  ): Promise<Extract<ContenderReport, { type: Type }>> {
    for (;;) {
      const [report] = (await once(child, 'message')) as [ContenderReport];
      if (report.type === type) return report as Extract<ContenderReport, { type: Type }>;
    }
  }

  /** How it was refused when it wanted to go on writing in that term. */
  async refusal({ child, refused }: Contender, fencingToken: number): Promise<Refused> {
    for (;;) {
      const found = refused.find((each) => each.fencingToken === fencingToken);
      if (found !== undefined) return found;
      await once(child, 'message');
    }
  }

  /** Ends one without any chance to say good-bye. */
  async kill(contender: Contender): Promise<void> {
    const exited = once(contender.child, 'exit');
    contender.child.kill('SIGKILL');
    await exited;
    this.all.splice(this.all.indexOf(contender), 1);
  }

  /** Whether the write lock can be had: nobody stands still while holding it. */
  async canWrite(): Promise<boolean> {
    return withConnection(this.#order.file, (connection) => {
      connection.pragma('busy_timeout = 200');
      try {
        connection.exec('begin immediate; rollback');
        return true;
      } catch {
        return false;
      }
    });
  }

  /** What was written under the lease, in the order of the commits. */
  increments(): { n: number; token: number }[] {
    return withConnection(this.#order.file, (connection) =>
      connection
        .prepare<[], { n: number; token: number }>('select n, token from increments order by rowid')
        .all(),
    );
  }

  [Symbol.dispose](): void {
    for (const { child } of this.all) child.kill('SIGKILL');
  }
}

/**
 * What a lost update, a late write or a repeated token would leave in the table: a number twice or left out, or a token
 * after a higher one.
 */
export function violationsOf(increments: readonly { n: number; token: number }[]): string[] {
  return increments.flatMap(({ n, token }, index) => {
    const before = increments[index - 1];
    return [
      ...(n === index + 1 ? [] : [`${n} stands in the place of ${index + 1}`]),
      ...(before === undefined || before.token <= token ? [] : [`${token} after ${before.token}`]),
    ];
  });
}
