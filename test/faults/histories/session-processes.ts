import type { ChildProcess } from 'node:child_process';
import { existsSync, unlinkSync } from 'node:fs';
import { next, type Programs } from '../programs.ts';
import { readHistory } from './history-file.ts';
import type { History } from './operation.ts';
import {
  nanosecondsSince,
  type SessionOrder,
  type SessionReport,
  type SessionRequest,
} from './session-messages.ts';

/** One process, and what it is doing. */
export class SessionProcess {
  readonly #child: ChildProcess;
  readonly #programs: Programs;
  readonly #name: string;
  #endedAt: number | null = null;
  #rounds = 0;
  #isKilled = false;
  /** Called when it has come to the end of its round, or to its own. */
  #onEnd: () => void = () => {};
  /** It is in a round. */
  isBusy = false;
  /** It is to end after the round. */
  isLeaving = false;
  hasEnded = false;

  /** @param untilServed until nothing is under way any more that the process, which was killed, has asked a server for. */
  constructor(programs: Programs, order: SessionOrder, untilServed: () => Promise<void>) {
    this.#programs = programs;
    this.#name = order.name;
    const now = nanosecondsSince(order.origin);
    this.#child = programs.start(order);
    // Before that of Programs, which throws when a process has ended by itself.
    this.#child.prependOnceListener('exit', async () => {
      this.hasEnded = true;
      if (this.#isKilled) await untilServed();
      this.#endedAt = now();
      this.#onEnd();
    });
    this.#child.on('message', (report: SessionReport) => {
      if (report.type === 'done') this.#onEnd();
    });
  }

  async isReady(): Promise<void> {
    await next(this.#child, 'message');
  }

  /** Has it do so many operations; resolves when it has, or was killed, to what reads them. */
  async round(folder: string, operations: number): Promise<() => History> {
    const file = `${folder}/history-${this.#name}-${++this.#rounds}`;
    this.isBusy = true;
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      this.#tell({ type: 'round', file, operations });
    });
    this.isBusy = false;
    if (this.hasEnded && !this.#isKilled) throw new Error(`${this.#name} ended by itself.`);
    const endedAt = this.#endedAt;
    return () => {
      // It may have been killed before it began.
      if (!existsSync(file)) return { operations: [], endedAt };
      const history = readHistory(file, endedAt);
      unlinkSync(file);
      return history;
    };
  }

  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#programs.kill(this.#child);
  }

  /** As in a deployment: the others go on. It may be killed before it is asked, or while it leaves. */
  async leave(): Promise<void> {
    if (this.hasEnded) return;
    const exited = next(this.#child, 'exit');
    const request: SessionRequest = { type: 'leave' };
    // Without a listener of its own, a channel that has closed is an 'error' of the process.
    this.#child.send(request, () => {});
    await exited;
  }

  #tell(request: SessionRequest): void {
    this.#child.send(request);
  }
}
