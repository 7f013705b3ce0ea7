import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/index.ts';
import { withConnection } from '../support/sqlite-file.ts';
import type { Contender, Contenders } from './contenders.ts';

/** What is done to the holder of a lease. */
export interface Fault {
  /** Does it; resolves to when it was done, on the monotonic clock. */
  strike(holder: Contender, contenders: Contenders): Promise<number>;
  /** Once another holds the lease. */
  afterwards?(holder: Contender, contenders: Contenders): Promise<unknown>;
  /** Whether the holder lives on, and is refused when it wants to go on writing. */
  readonly isSurvived: boolean;
}

/** The holder is somewhere in its work, and the standbys somewhere between two looks. */
function atRandom(): Promise<void> {
  return wait(100 + Math.random() * 200);
}

/** The one after it works for a while, and then it wakes up in the middle of that. */
async function wake({ child }: Contender): Promise<void> {
  await wait(100);
  child.kill('SIGCONT');
}

/** `kill -9`, and another one in its place. */
export const kill: Fault = {
  async strike(holder, contenders) {
    await atRandom();
    const at = systemClock.monotonic();
    await contenders.kill(holder);
    return at;
  },
  afterwards: (_, contenders) => contenders.start(),
  isSurvived: false,
};

/** SIGSTOP, at any time but in the middle of a write. */
export const stop: Fault = {
  async strike({ child }, contenders) {
    await atRandom();
    return stopOutsideOfWrite(child, contenders.file);
  },
  afterwards: wake,
  isSurvived: true,
};

/** SIGSTOP between the look at the clock and the write: what it is about to write when it wakes up no clock can keep back. */
export const stopBeforeWrite: Fault = {
  async strike(holder, contenders) {
    await atRandom();
    const stopping = contenders.report(holder, 'stopping');
    contenders.tell(holder, 'stop-before-write');
    return (await stopping).at;
  },
  afterwards: wake,
  isSurvived: true,
};

/** Its event loop is held for `blockSeconds`. */
export const block: Fault = {
  async strike(holder, contenders) {
    await atRandom();
    const at = systemClock.monotonic();
    contenders.tell(holder, 'block');
    return at;
  },
  isSurvived: true,
};

/** It gives the lease up, as in a deployment; when it began to, by its own report. */
export const release: Fault = {
  async strike(holder, contenders) {
    await atRandom();
    const released = contenders.report(holder, 'released');
    contenders.tell(holder, 'release');
    return (await released).at;
  },
  isSurvived: true,
};

/**
 * A process that is stopped in the middle of a write keeps SQLite's lock, and until it is woken or killed nobody on the host can
 * write at all: docs/leases.md says so. Resolves to when it was stopped, on the monotonic clock.
 */
export async function stopOutsideOfWrite(child: ChildProcess, file: string): Promise<number> {
  for (;;) {
    const at = systemClock.monotonic();
    child.kill('SIGSTOP');
    if (canWrite(file)) return at;
    child.kill('SIGCONT');
    await wait(50);
  }
}

/** Whether the write lock can be had soon: nobody stands still while holding it. */
function canWrite(file: string): boolean {
  return withConnection(file, (connection) => {
    connection.pragma('busy_timeout = 200');
    try {
      connection.exec('begin immediate; rollback');
      return true;
    } catch {
      return false;
    }
  });
}
