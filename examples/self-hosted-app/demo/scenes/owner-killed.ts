import { expectOwner, showAccounts, showOwner } from '../owner-steps.ts';
import type { Scene } from '../stage.ts';

export const ownerKilled: Scene = {
  title: 'The worker that runs the jobs is killed',
  sessions: 'shared',
  async play(stage) {
    const { ada, timeline } = stage;
    const laptop = stage.browser('laptop');
    await laptop.logIn(1, ada);
    const jobs = stage.jobs(laptop);
    const { owner, tick } = await jobs.ownerInMidRun();
    timeline.step(
      'every worker has the jobs, and one runs them: it counts the live logins each second',
    );
    showOwner(stage, owner);

    const written = stage.output.length;
    const killedAt = Date.now();
    process.kill(owner.processId, 'SIGKILL');
    timeline.step(`kill -9 of worker ${owner.worker}, in the middle of counting`);
    // Where its end cannot be seen, it is back before its lease is over, and may well be the next.
    const isBackFirst = !owner.isSeenToEnd;
    if (isBackFirst) await stage.reconnect(owner.worker, written);
    const successor = await jobs.successorOf(owner, isBackFirst);
    const tookMilliseconds = successor.since.getTime() - killedAt;
    showOwner(stage, successor, isBackFirst ? {} : { [owner.worker]: 'killed' });
    timeline.note(`taken over ${tookMilliseconds} ms after the kill (${successor.reason})`);
    expectOwner(successor, {
      ...(owner.isSeenToEnd
        ? { reason: 'holder-died', within: stage.leaseSeconds }
        : { reason: 'expired', within: stage.leaseSeconds + 1 }),
      tookMilliseconds,
    });

    if (!isBackFirst) await stage.reconnect(owner.worker, written);
    timeline.step(`worker ${owner.worker} was started again by main.ts`);
    const until = new Date(tick.getTime() + 4000);
    const accounts = await jobs.accountsUntil(until, successor.worker);
    showAccounts(stage, accounts, tick);
    timeline.outcome(true, 'No second was counted twice, and each of them is accounted for.');
  },
};
