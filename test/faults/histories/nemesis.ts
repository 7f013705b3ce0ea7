import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { next, Programs } from '../programs.ts';
import type { SessionCrew } from './session-crew.ts';
import type { SessionProcess } from './session-processes.ts';

/** What was done to the processes and to their file. */
export interface Deeds {
  kills: number;
  stops: number;
  restarts: number;
  checkpoints: number;
  vacuums: number;
}

/** Up to which of a hundred numbers each is drawn; from 75 on, if there is a file to be maintained. */
const DRAWN = [
  ['kill', 18],
  ['stop', 70],
  ['restart', 75],
  ['checkpoint', 96],
  ['vacuum', 100],
] as const;
const DRAWN_WITHOUT_FILE = 75;

const CHECKPOINTS = ['passive', 'full', 'restart', 'truncate'];
const LONGEST_STOP = 200;

/**
 * Kills processes, stops and wakes them, has them leave in good order, and has another process make checkpoints and vacuums of their file, at random moments. Who was killed or has left is replaced.
 */
export class Nemesis implements Disposable {
  readonly deeds: Deeds = { kills: 0, stops: 0, restarts: 0, checkpoints: 0, vacuums: 0 };
  readonly #crew: SessionCrew;
  readonly #random: () => number;
  readonly #everyMilliseconds: number;
  readonly #file: string | null;
  readonly #programs = new Programs(new URL('./maintenance-process.ts', import.meta.url));
  readonly #underWay = new Set<Promise<void>>();
  #maintenance: ChildProcess | null = null;
  #isMaintaining = false;
  #hasEnded = false;

  /**
   * @param everyMilliseconds on average, from one deed to the next.
   * @param file of the sessions; `null` if they are in none.
   */
  constructor(
    crew: SessionCrew,
    random: () => number,
    everyMilliseconds: number,
    file: string | null,
  ) {
    this.#file = file;
    this.#crew = crew;
    this.#random = random;
    this.#everyMilliseconds = everyMilliseconds;
  }

  /** Goes on until {@link end}. */
  async strike(): Promise<void> {
    if (this.#file !== null) {
      this.#maintenance = this.#programs.start({ database: this.#file });
      await next(this.#maintenance, 'message');
    }
    const draws = this.#file === null ? DRAWN_WITHOUT_FILE : 100;
    while (!this.#hasEnded) {
      await wait(2 * this.#random() * this.#everyMilliseconds);
      // Each draws as many numbers, so that the choices do not depend on who is there.
      const [deed, victim, detail] = [this.#random() * draws, this.#random(), this.#random()];
      const done = this.#deed(deed, victim, detail).finally(() => this.#underWay.delete(done));
      this.#underWay.add(done);
    }
  }

  /** When nobody is stopped any more. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all(this.#underWay);
  }

  [Symbol.dispose](): void {
    this.#hasEnded = true;
    this.#programs[Symbol.dispose]();
  }

  async #deed(choice: number, victim: number, detail: number): Promise<void> {
    const name = DRAWN.find(([, below]) => choice < below)?.[0] ?? 'vacuum';
    if (name === 'checkpoint') {
      const kind = CHECKPOINTS[Math.floor(detail * CHECKPOINTS.length)];
      if (await this.#maintain(`pragma wal_checkpoint(${kind})`)) this.deeds.checkpoints++;
      return;
    }
    if (name === 'vacuum') {
      if (await this.#maintain('vacuum')) this.deeds.vacuums++;
      return;
    }
    const busy = this.#crew.all.filter(({ isBusy, hasEnded }) => isBusy && !hasEnded);
    const process = busy[Math.floor(victim * busy.length)];
    if (process !== undefined) await this.#strikeAt(process, name, detail);
  }

  async #strikeAt(process: SessionProcess, name: 'kill' | 'stop' | 'restart', detail: number) {
    if (name === 'kill') {
      this.deeds.kills++;
      this.deeds.restarts++;
      await process.kill();
      this.#crew.join();
    } else if (name === 'stop') {
      this.deeds.stops++;
      process.stop();
      await wait(detail * LONGEST_STOP);
      process.wake();
    } else if (!process.isLeaving) {
      this.deeds.restarts++;
      process.isLeaving = true;
    }
  }

  /** Whether it was done: others may be in the way. One at a time. */
  async #maintain(statement: string): Promise<boolean> {
    if (this.#isMaintaining || this.#maintenance === null) return false;
    this.#isMaintaining = true;
    const answer = next(this.#maintenance, 'message');
    this.#maintenance.send(statement);
    const [isDone] = await answer;
    this.#isMaintaining = false;
    return isDone === true;
  }
}
