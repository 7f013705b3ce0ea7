import { setTimeout as wait } from 'node:timers/promises';
import type { JobsView, Owner } from '../jobs-view.ts';
import { expectOwner, showAccounts, showOwner } from '../owner-steps.ts';
import type { Scene, Stage } from '../stage.ts';
import { canWrite } from '../write-lock.ts';

const MOST_ATTEMPTS = 20;

export const ownerStopped: Scene = {
  title: 'The worker that runs the jobs is stopped',
  sessions: 'shared',
  async play(stage) {
    const { ada, timeline } = stage;
    const laptop = stage.browser('laptop');
    await laptop.logIn(1, ada);
    const jobs = stage.jobs(laptop);
    const { owner, tick, stoppedAt } = await stopInMidRun(stage, jobs);
    try {
      timeline.step(
        `worker ${owner.worker} is stopped (SIGSTOP): it has counted, and not yet written`,
      );
      const successor = await jobs.successorOf(owner);
      const tookMilliseconds = successor.since.getTime() - stoppedAt;
      showOwner(stage, successor, { [owner.worker]: 'stopped' });
      timeline.note(
        `taken over ${tookMilliseconds} ms after the stop (${successor.reason}; the lease lasts ${stage.leaseSeconds} s)`,
      );
      expectOwner(successor, {
        reason: 'expired',
        within: stage.leaseSeconds + 1,
        tookMilliseconds,
      });
      // The successor has to be at work when the other one comes back.
      await jobs.accountsUntil(new Date(successor.since.getTime() + 1000), successor.worker);
      await wakeUp(stage, owner);

      const later = new Date(Date.now() + 1000);
      const accounts = await jobs.accountsUntil(later, successor.worker);
      showAccounts(stage, accounts, tick);
      const late = accounts.find((account) => +account.tick === +tick);
      if (late?.outcome !== 'abandoned' || late.worker !== null) {
        throw new Error(`Its tick should be abandoned and not counted, but is ${late?.outcome}.`);
      }
      const now = await jobs.owner();
      if (now.fencingToken !== successor.fencingToken) {
        throw new Error(`Worker ${now.worker} has taken the jobs from worker ${successor.worker}.`);
      }
    } finally {
      process.kill(owner.processId, 'SIGCONT');
    }
    timeline.outcome(true, 'Whoever was replaced cannot write any more, however late it wakes up.');
  },
};

/**
 * Stops the owner between counting and writing, and outside of a write: one that is stopped in the middle of that keeps SQLite's
 * lock, and until it is woken nobody can write at all.
 */
async function stopInMidRun(
  stage: Stage,
  jobs: JobsView,
): Promise<{ owner: Owner; tick: Date; stoppedAt: number }> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const { owner, tick } = await jobs.ownerInMidRun();
    process.kill(owner.processId, 'SIGSTOP');
    const stoppedAt = Date.now();
    try {
      const isInMidRun =
        stage.files.every(canWrite) && +tick === Number(await jobs.runningTick(owner));
      if (isInMidRun) return { owner, tick, stoppedAt };
    } catch (error) {
      process.kill(owner.processId, 'SIGCONT');
      throw error;
    }
    process.kill(owner.processId, 'SIGCONT');
    await wait(50);
  }
  throw new Error(`${MOST_ATTEMPTS} times it was stopped elsewhere than in the middle of a run.`);
}

async function wakeUp({ output, timeline, signal }: Stage, owner: Owner): Promise<void> {
  const start = output.length;
  process.kill(owner.processId, 'SIGCONT');
  timeline.step(
    `worker ${owner.worker} is woken (SIGCONT), and wants to write what it has counted:`,
  );
  const pattern = new RegExp(`^Worker ${owner.worker}, job "login-statistics": The lease `);
  timeline.quote(await output.line(pattern, { start, signal }));
}
