import type { TermReason } from 'onehost';
import type { Owner } from './jobs-view.ts';
import type { Stage } from './stage.ts';
import type { TickAccount } from './tick-accounts.ts';

const SHOWN_BEFORE_MILLISECONDS = 2000;

/** Shows what each worker does about the jobs; `others` says what has become of one. */
export function showOwner(
  { timeline, workers }: Stage,
  owner: Owner,
  others: Readonly<Record<number, string>> = {},
): void {
  const cells = workers.map((worker) => ({
    text: others[worker] ?? (worker === owner.worker ? 'runs jobs' : 'stands by'),
    isRight: others[worker] !== undefined ? false : worker === owner.worker ? true : null,
  }));
  timeline.cells('', cells);
}

/** Shows what became of each second from shortly before `tick` on. */
export function showAccounts(
  { timeline }: Stage,
  accounts: readonly TickAccount[],
  tick: Date,
): void {
  const from = tick.getTime() - SHOWN_BEFORE_MILLISECONDS;
  const shown = accounts.filter((account) => account.tick.getTime() >= from);
  timeline.note(
    `each second, and who counted in it (all ${accounts.length} since the first are accounted for):`,
  );
  timeline.ticks(
    shown.map(({ tick, outcome, worker }) => ({
      tick,
      text: worker === null ? outcome : `worker ${worker}`,
    })),
  );
}

export function expectOwner(
  owner: Owner,
  expected: {
    readonly reason: TermReason;
    /** In seconds. */
    readonly within: number;
    readonly tookMilliseconds: number;
  },
): void {
  const { reason, within, tookMilliseconds } = expected;
  if (owner.reason !== reason) {
    throw new Error(`Worker ${owner.worker} took over as "${owner.reason}", not "${reason}".`);
  }
  if (tookMilliseconds > within * 1000) {
    throw new Error(
      `The takeover took ${tookMilliseconds} ms, and should take ${within} s at most.`,
    );
  }
}
