import type { Session } from '../../../src/index.ts';

export const LEASE = 'scheduler';
export const JOB = 'job';

export interface StoredSession extends Session {
  readonly text: string;
}

/** One operation, with all that decides what it does. */
export type Operation =
  | {
      readonly does: 'set';
      readonly token: string;
      readonly userId: number;
      readonly text: string;
    }
  /** Of a session that is over in a moment, and that a purge then removes. */
  | { readonly does: 'set-short'; readonly token: string; readonly userId: number }
  | { readonly does: 'invalidate'; readonly token: string }
  | { readonly does: 'invalidate-by-user'; readonly userId: number }
  | { readonly does: 'clear' | 'purge' | 'checkpoint' | 'renew' }
  /** A new term, whoever has the last one: to wait for the end of one that was killed takes longer than a round. */
  | { readonly does: 'take' }
  /** Two rows of the app, under the lease. */
  | { readonly does: 'transaction'; readonly number: number }
  | { readonly does: 'begin'; readonly tick: number }
  /** Of the tick that began last. */
  | { readonly does: 'finish' }
  | { readonly does: 'record-missed'; readonly tick: number };

/** A line of the journal of a process: what it is about to do, or that it has returned, with the fencing token of its term. */
export type JournalLine = { readonly begins: Operation } | { readonly returned: number };

export const USERS = 6;
export const TOKENS = 60;

/** Chooses operations, each by its weight; the same ones for the same random numbers. */
export function chooseOperation(random: () => number, round: number, count: number): Operation {
  if (count === 0) return { does: 'take' };
  const below = (limit: number) => Math.floor(random() * limit);
  const number = round * 100_000 + count;
  const token = `token ${below(TOKENS)}`;
  const userId = below(USERS);
  const choices: readonly [weight: number, Operation][] = [
    [
      30,
      // Mostly one page, sometimes many.
      {
        does: 'set',
        token,
        userId,
        text: `${number} `.repeat(1 + below(random() < 0.2 ? 5000 : 50)),
      },
    ],
    [6, { does: 'set-short', token: `short ${number}`, userId }],
    [12, { does: 'invalidate', token }],
    [8, { does: 'invalidate-by-user', userId }],
    [3, { does: 'clear' }],
    [6, { does: 'purge' }],
    [6, { does: 'checkpoint' }],
    [5, { does: 'renew' }],
    [6, { does: 'take' }],
    [8, { does: 'transaction', number }],
    [8, { does: 'begin', tick: number }],
    [6, { does: 'finish' }],
    [4, { does: 'record-missed', tick: number }],
  ];
  let choice = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  const chosen = choices.find(([weight]) => {
    choice -= weight;
    return choice < 0;
  });
  return (chosen ?? choices[0])?.[1] as Operation;
}
