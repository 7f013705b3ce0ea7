import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fillFile } from './filled-file.ts';
import type { BystanderOrder, Done, Percentiles, PurgerOrder, SetterOrder } from './messages.ts';
import { OrderedProcess } from './processes.ts';

export interface PurgeBenchOptions {
  /** How many sessions are purged, and how many are cleared. */
  readonly entries: number;
  /** How many processes set sessions meanwhile. */
  readonly setters: number;
  /** How many sessions each of them sets in a second. */
  readonly setsPerSecond: number;
  /** How long is measured before anything is purged or cleared. */
  readonly quietSeconds: number;
  /** What is not removed by then is left. */
  readonly timeBudgetSeconds: number;
  progress(text: string): void;
}

/** What was seen from one moment to another. */
export interface Phase extends Done {
  readonly name: string;
  /** The `set`s of the other processes, all together; the worst of them for each percentile. */
  readonly sets: Percentiles;
  readonly largestWalMiB: number;
  /** How long the event loop of a process that does nothing was held meanwhile: by the machine, and nobody else. */
  readonly bystanderHoldMilliseconds: number;
}

interface PurgeBenchBound {
  readonly what: string;
  readonly found: number;
  readonly limit: number;
  readonly met: boolean;
}

export interface PurgeBenchReport {
  readonly options: Omit<PurgeBenchOptions, 'progress'>;
  readonly phases: readonly Phase[];
  readonly bounds: readonly PurgeBenchBound[];
}

/**
 * Removes expired sessions, and then cleared ones, in one process while others set sessions, and looks how long its event
 * loop, their `set`s and the WAL become.
 */
export async function run({ progress, ...options }: PurgeBenchOptions): Promise<PurgeBenchReport> {
  const phases: Phase[] = [];
  for (const kind of ['expired', 'live'] as const) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'onehost-purge-'));
    try {
      const file = path.join(folder, 'sessions.db');
      progress(`filling a file with ${options.entries.toLocaleString('en')} sessions`);
      await fillFile(file, options.entries, kind);
      await using stage = await PurgeStage.open(file, options);
      const play = async (name: string, order: PurgerOrder) => {
        progress(name);
        const phase = await stage.play(name, order);
        phases.push(phase);
        progress(`${name} took ${phase.seconds.toFixed(1)} s`);
      };
      const { timeBudgetSeconds, quietSeconds } = options;
      const subject = kind === 'expired' ? 'purge' : 'clear';
      await play(`before the ${subject}`, { do: 'idle', seconds: quietSeconds });
      if (kind === 'live') await play('clear', { do: 'clear' });
      const name = kind === 'expired' ? 'purge of expired' : 'purge of cleared';
      await play(name, { do: 'purge', timeBudgetSeconds });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { options, phases, bounds: boundsOf(phases) };
}

/** A file, the process that purges it, and those that set sessions in it. */
class PurgeStage implements AsyncDisposable {
  readonly #file: string;
  readonly #purger: OrderedProcess<PurgerOrder>;
  readonly #setters: readonly OrderedProcess<SetterOrder>[];
  readonly #bystander: OrderedProcess<BystanderOrder>;
  #isOver = false;
  #largestWal = 0;
  readonly #sampling: Promise<void>;

  private constructor(
    file: string,
    purger: OrderedProcess<PurgerOrder>,
    setters: readonly OrderedProcess<SetterOrder>[],
    bystander: OrderedProcess<BystanderOrder>,
  ) {
    this.#file = file;
    this.#purger = purger;
    this.#setters = setters;
    this.#bystander = bystander;
    this.#sampling = this.#sampleWal();
  }

  static async open(
    file: string,
    options: Omit<PurgeBenchOptions, 'progress'>,
  ): Promise<PurgeStage> {
    const purger = await OrderedProcess.start<PurgerOrder>('purger.ts');
    const setters = await Promise.all(
      Array.from({ length: options.setters }, () => OrderedProcess.start<SetterOrder>('setter.ts')),
    );
    const bystander = await OrderedProcess.start<BystanderOrder>('bystander.ts');
    await purger.ask({ do: 'open', file });
    for (const setter of setters) {
      setter.send({ do: 'begin', file, perSecond: options.setsPerSecond });
    }
    // What is slow because it is done for the first time is nobody's fault.
    await wait(1000);
    return new PurgeStage(file, purger, setters, bystander);
  }

  async play(name: string, order: PurgerOrder): Promise<Phase> {
    await this.#reports();
    await this.#bystander.ask({ do: 'report' });
    this.#largestWal = 0;
    const done = await this.#purger.ask<Done>(order);
    const sets = worst(await this.#reports());
    const bystanderHoldMilliseconds = await this.#bystander.ask<number>({ do: 'report' });
    return {
      name,
      ...done,
      sets,
      largestWalMiB: this.#largestWal / 2 ** 20,
      bystanderHoldMilliseconds,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    try {
      await this.#sampling;
      await Promise.all(this.#setters.map((setter) => setter.end({ do: 'end' })));
      await this.#purger.end({ do: 'end' });
      await this.#bystander.end({ do: 'end' });
    } finally {
      for (const each of [...this.#setters, this.#purger, this.#bystander]) each.kill();
    }
  }

  #reports(): Promise<Percentiles[]> {
    return Promise.all(this.#setters.map((setter) => setter.ask<Percentiles>({ do: 'report' })));
  }

  async #sampleWal(): Promise<void> {
    while (!this.#isOver) {
      // Its size alone: a descriptor of the file that is closed here would be one too many elsewhere.
      const size = statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      this.#largestWal = Math.max(this.#largestWal, size);
      await wait(20);
    }
  }
}

function worst(all: readonly Percentiles[]): Percentiles {
  const most = (key: keyof Percentiles) => Math.max(...all.map((each) => each[key]));
  return {
    count: all.reduce((sum, each) => sum + each.count, 0),
    p50: most('p50'),
    p99: most('p99'),
    p999: most('p999'),
    maximum: most('maximum'),
  };
}

const LONGEST_HOLD_MILLISECONDS = 10;
const SET_RATIO = 2;
const LARGEST_WAL_MIB = 64;

function boundsOf(phases: readonly Phase[]): PurgeBenchBound[] {
  let usual = 0;
  return phases.flatMap((phase) => {
    if (phase.name.startsWith('before')) {
      usual = phase.sets.p99;
      return [];
    }
    const bound = (what: string, found: number, limit: number) => ({
      what: `${phase.name}: ${what}`,
      found,
      limit,
      met: found <= limit,
    });
    const bounds = [
      bound(
        'longest hold of the event loop, ms',
        phase.longestHoldMilliseconds,
        LONGEST_HOLD_MILLISECONDS,
      ),
    ];
    // During a single call there are too few of them.
    if (phase.name !== 'clear') {
      bounds.push(
        bound(
          '99th percentile of other processes’ sets, times the usual',
          phase.sets.p99 / usual,
          SET_RATIO,
        ),
      );
      bounds.push(bound('largest WAL, MiB', phase.largestWalMiB, LARGEST_WAL_MIB));
    }
    return bounds;
  });
}
