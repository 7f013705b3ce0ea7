/** What one operation does to one token. */
export interface Step {
  readonly begin: number;
  readonly end: number;
  /** It has happened between its begin and its end, or not at all. */
  readonly isCut: boolean;
  /** It changes nothing, whatever it finds. */
  readonly isRead: boolean;
  /** It takes a session away from whoever is loading it. Not said of one that was cut off: whether it did is known too late. */
  readonly isRevocation: boolean;
  /** The session that the token has when it had `session` before, 0 for none; {@link IMPOSSIBLE} if it cannot have happened then. */
  apply(session: number): number;
  /** Of a fill: when its load began, and for whom. A revocation that concerns it and began later must not have happened before it. */
  readonly fill?: { readonly loadedSince: number; isConcerned(revocation: Step): boolean };
  /** The session that the token is taken to have when the step could not be explained. */
  readonly otherwise?: number;
  describe(): string;
}

export const IMPOSSIBLE = -1;

/** What may have happened so far: the session that the token has, and which of the steps under way have happened. */
interface Possibility {
  readonly session: number;
  /** A sum of the bits of the steps. Not by bit operations, which end at 32. */
  readonly happened: number;
}

/** A double holds that many bits. */
const MOST_UNDER_WAY = 52;

/**
 * Whether there is one order in which all that was done to a token can have happened, each step at one moment between its begin and its end
 * (linearizability: Herlihy and Wing, ACM TOPLAS 1990).
 *
 * Steps are followed in the order of their begins and ends, and with them everything that may have happened so far. When one ends it must have happened: those
 * possibilities stay in which it has, or can just now, after others that are under way. It is the search of "Testing for Linearizability" (Lowe, 2016,
 * the just-in-time algorithm) in breadth in place of depth, so that its memory is bound by how much is done at once and
 * not by how long the history is, and it can go on with the next round where this one has ended.
 */
export class TokenOrder {
  #possible = new Map<string, Possibility>();
  readonly #underWay: (Step | undefined)[] = [];
  /** Of those that have ended. */
  #revocations: Step[] = [];
  /** Of those that change anything, the last first; to be told with a violation. */
  #lastEnded: readonly Step[] = [];
  /** How many possibilities there were at most. */
  mostPossible = 1;

  constructor() {
    this.#become([{ session: 0, happened: 0 }]);
  }

  /** What the token may have after the steps so far: 0 for no session. */
  get sessions(): number[] {
    return [...new Set([...this.#possible.values()].map(({ session }) => session))];
  }

  /** Takes the steps of a round, none of which goes on beyond it; gives those that cannot be explained. */
  check(steps: readonly Step[]): string[] {
    const violations: string[] = [];
    const begins = steps.toSorted((a, b) => a.begin - b.begin);
    const ends = steps.toSorted((a, b) => a.end - b.end);
    let begun = 0;
    for (const step of ends) {
      // At the same nanosecond nothing tells which was first: then they overlap.
      for (let next = begins[begun]; next && next.begin <= step.end; next = begins[++begun]) {
        this.#begin(next);
      }
      const before = this.#possible;
      if (!this.#end(step)) violations.push(`${step.describe()}, but ${this.#found(before)}`);
      if (!step.isRead) this.#lastEnded = [step, ...this.#lastEnded.slice(0, 4)];
    }
    this.#revocations = [];
    return violations;
  }

  #begin(step: Step): void {
    let slot = this.#underWay.indexOf(undefined);
    if (slot < 0) slot = this.#underWay.length;
    if (slot === MOST_UNDER_WAY) throw new Error('Too much is done to one token at a time.');
    this.#underWay[slot] = step;
  }

  /** Whether it can have happened. */
  #end(step: Step): boolean {
    const slot = this.#underWay.indexOf(step);
    const bit = 2 ** slot;
    if (this.#endedAlone(step, slot)) return true;
    const next: Possibility[] = [];
    const seen = new Set<string>();
    for (const possibility of this.#possible.values()) {
      const { session, happened } = possibility;
      if (has(happened, bit)) next.push({ session, happened: happened - bit });
      else {
        if (step.isCut) next.push(possibility);
        this.#lead(possibility, step, bit, seen, next);
      }
    }
    const canBe = next.length > 0;
    this.#become(canBe ? next : this.#despite(step));
    this.#leave(step, slot);
    return canBe;
  }

  #leave(step: Step, slot: number): void {
    this.#underWay[slot] = undefined;
    if (slot === this.#underWay.length - 1) this.#underWay.pop();
    if (step.isRevocation) this.#revocations.push(step);
  }

  /** Most steps are: the short way for those, with what {@link #end} would find. */
  #endedAlone(step: Step, slot: number): boolean {
    if (this.#possible.size > 1 || this.#underWay.length > 1 || step.isCut || step.fill)
      return false;
    const [only] = this.#possible.values();
    // It may have happened already, when something that has ended could not be explained without.
    if (only === undefined || only.happened !== 0) return false;
    const session = step.apply(only.session);
    if (session === IMPOSSIBLE) return false;
    if (session !== only.session) this.#become([{ session, happened: 0 }]);
    this.#leave(step, slot);
    return true;
  }

  /** All ways from here to where the step has happened, with as little else as possible. */
  #lead(from: Possibility, step: Step, bit: number, seen: Set<string>, found: Possibility[]): void {
    const { session } = from;
    const happened = this.#withReads(from);
    if (has(happened, bit)) {
      found.push({ session, happened: happened - bit });
      return;
    }
    const key = keyOf({ session, happened });
    if (seen.has(key)) return;
    seen.add(key);
    for (const [slot, other] of this.#underWay.entries()) {
      const otherBit = 2 ** slot;
      if (other === undefined || other.isRead || has(happened, otherBit)) continue;
      const after = this.#isRefused(other, happened) ? IMPOSSIBLE : other.apply(session);
      if (after === IMPOSSIBLE) continue;
      if (other === step) found.push({ session: after, happened });
      else this.#lead({ session: after, happened: happened + otherBit }, step, bit, seen, found);
    }
  }

  /** A read that can have happened may as well have: it changes nothing. */
  #withReads({ session, happened }: Possibility): number {
    let all = happened;
    for (const [slot, step] of this.#underWay.entries()) {
      if (step?.isRead !== true || has(all, 2 ** slot)) continue;
      if (step.apply(session) !== IMPOSSIBLE) all += 2 ** slot;
    }
    return all;
  }

  #isRefused({ fill }: Step, happened: number): boolean {
    if (fill === undefined) return false;
    const isInTheWay = (step: Step) => step.begin > fill.loadedSince && fill.isConcerned(step);
    // In the order of their ends: what ended before the load began, began before it too.
    for (let last = this.#revocations.length - 1; last >= 0; last--) {
      const ended = this.#revocations[last] as Step;
      if (ended.end <= fill.loadedSince) break;
      if (isInTheWay(ended)) return true;
    }
    return this.#underWay.some(
      (step, slot) => step?.isRevocation && has(happened, 2 ** slot) && isInTheWay(step),
    );
  }

  /** Where to go on from, so that one violation is not told again with each step after it. */
  #despite({ otherwise }: Step): Possibility[] {
    const before = [...this.#possible.values()];
    if (otherwise === undefined) return before;
    return before.map(({ happened }) => ({ session: otherwise, happened }));
  }

  #become(possible: readonly Possibility[]): void {
    this.#possible = new Map(possible.map((each) => [keyOf(each), each]));
    this.mostPossible = Math.max(this.mostPossible, this.#possible.size);
  }

  #found(possible: ReadonlyMap<string, Possibility>): string {
    const sessions = new Set([...possible.values()].map(({ session }) => session));
    const had = [...sessions].map((each) => each || 'none').join(' or ');
    const told = (steps: readonly (Step | undefined)[]) =>
      steps.flatMap((step) => (step === undefined || step.isRead ? [] : [step.describe()]));
    return [
      `before it the token had ${had}`,
      ...told(this.#underWay).map((step) => `under way: ${step}`),
      ...told(this.#lastEnded).map((step) => `before: ${step}`),
    ].join('\n    ');
  }
}

function has(sum: number, bit: number): boolean {
  return Math.floor(sum / bit) % 2 === 1;
}

function keyOf({ session, happened }: Possibility): string {
  return `${session} ${happened}`;
}
