import type { History } from './operation.ts';
import { findRevokedReads } from './revoked-reads.ts';
import { Sessions } from './sessions.ts';
import { stepsOf } from './steps.ts';
import { TokenOrder } from './token-order.ts';

/** What was found so far. */
export interface Findings {
  readonly operations: number;
  /** Of them, how many were cut off in the middle. */
  readonly cut: number;
  readonly readsChecked: number;
  readonly loadedGiven: number;
  readonly loadsOverlapped: number;
  /** How many of the orders in which things may have happened were told apart at most. */
  readonly mostPossible: number;
  readonly violations: readonly string[];
}

/** More are not kept: one is enough, and a broken cache makes thousands in a round. */
const MOST_KEPT = 100;

/**
 * Holds what all processes did, round by round, against the contract: for each token there is an order in which all of it can have happened
 * ({@link TokenOrder}), and nothing that was revoked was given ({@link findRevokedReads}). Between two rounds nothing is under way.
 */
export class HistoryCheck {
  readonly #orders: readonly TokenOrder[];
  readonly #sessions = new Sessions();
  readonly #counts = { operations: 0, cut: 0, readsChecked: 0, loadedGiven: 0, loadsOverlapped: 0 };
  readonly #violations: string[] = [];

  constructor(tokens: number) {
    this.#orders = Array.from({ length: tokens }, () => new TokenOrder());
  }

  /** A part at a time, so that whoever checks can do something else in between. */
  *round(histories: readonly History[]): Generator<void> {
    const tokens = this.#orders.length;
    for (const { operations } of histories) {
      this.#sessions.add(operations);
      // A load is a part of an operation, and none of its own.
      this.#counts.operations += operations.filter(({ kind }) => kind !== 'load').length;
      this.#counts.cut += operations.filter(({ isCut }) => isCut).length;
    }
    yield;
    const revoked = findRevokedReads(histories, tokens, this.#sessions);
    this.#counts.readsChecked += revoked.readsChecked;
    this.#counts.loadedGiven += revoked.loadedGiven;
    this.#counts.loadsOverlapped += revoked.loadsOverlapped;
    this.#tell(revoked.violations);
    yield;
    const steps = stepsOf(histories, tokens, this.#sessions);
    const kept = new Set<number>();
    for (const [token, order] of this.#orders.entries()) {
      yield;
      this.#tell(order.check(steps[token] ?? []));
      for (const session of order.sessions) kept.add(session);
    }
    this.#sessions.keep(kept);
  }

  get findings(): Findings {
    const mostPossible = Math.max(...this.#orders.map((order) => order.mostPossible));
    return { ...this.#counts, mostPossible, violations: this.#violations };
  }

  #tell(violations: readonly string[]): void {
    for (const violation of violations) {
      if (this.#violations.length < MOST_KEPT) this.#violations.push(violation);
    }
  }
}
