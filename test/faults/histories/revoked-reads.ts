import { Drops } from './drops.ts';
import type { History, Kind, Operation } from './operation.ts';
import type { Sessions, Source } from './sessions.ts';

/** What was found in a round. That there is no violation means something only if the counts are large. */
export interface RevokedReads {
  readonly violations: readonly string[];
  /** Reads that gave a session which was dropped in the same round, sooner or later. */
  readonly readsChecked: number;
  /** Reads that gave a session which had come from a loader. */
  readonly loadedGiven: number;
  /** Loads during which something that drops what they load began and returned. */
  readonly loadsOverlapped: number;
}

/**
 * Whether a session was given after it had been taken away, by nothing but the clock and what the app's own store said:
 *
 * 1. If an operation that drops a session began after the session was set, or after its load began, no read that begins after that operation
 *    returned gives it; nor does the `getOrLoad` that loaded it, if the operation returned before the load ended.
 * 2. If the app changed its own store before that operation, and a session was loaded from what the store said before, the same holds.
 */
export function findRevokedReads(
  histories: readonly History[],
  tokens: number,
  sessions: Sessions,
): RevokedReads {
  const operations = histories.flatMap((history) => history.operations);
  const ends = new Ends(operations, tokens);
  const deadlines = new Map<number, number>();
  const deadline = (session: number, source: Source) => {
    const known = deadlines.get(session);
    if (known !== undefined) return known;
    const found = ends.first(source);
    deadlines.set(session, found);
    return found;
  };

  const violations: string[] = [];
  const counts = { readsChecked: 0, loadedGiven: 0, loadsOverlapped: 0 };
  for (const history of histories) {
    const loads = new Map<number, Operation>();
    for (const operation of history.operations) {
      const { kind, id, token, result } = operation;
      if (kind === 'load') {
        loads.set(id, operation);
        const source = sessions.source(operation.session);
        if (source && deadline(operation.session, source) < operation.end) counts.loadsOverlapped++;
      }
      if (kind !== 'get' && kind !== 'getOrLoad') continue;
      const load = loads.get(id);
      loads.delete(id);
      const source = result === 0 ? undefined : sessions.source(result);
      if (source === undefined) continue;
      if (source.version >= 0) counts.loadedGiven++;
      const droppedAt = deadline(result, source);
      if (droppedAt < Number.POSITIVE_INFINITY) counts.readsChecked++;
      const begin = load?.session === result ? load.end : operation.begin;
      if (droppedAt < begin) {
        violations.push(
          `${kind} on token ${token} from ${operation.begin} to ${operation.end} gave session ${result}, which had been dropped by ${droppedAt}`,
        );
      }
    }
  }
  return { violations, ...counts };
}

/** When the sessions of each token were dropped. */
class Ends {
  readonly #ofToken: Drops[] = [];
  readonly #ofUser: Map<number, Drops>[] = [];

  constructor(operations: readonly Operation[], tokens: number) {
    const returned = operations.filter(({ isCut }) => !isCut);
    const of = (...kinds: Kind[]) => returned.filter(({ kind }) => kinds.includes(kind));
    const [ofOne, ofAll] = [of('set', 'invalidate'), of('clear')];
    const ofUser = of('invalidateById', 'invalidateByUser');
    const users = [...new Set(ofUser.map(({ user }) => user))];
    for (let token = 0; token < tokens; token++) {
      const its = ofOne.filter((drop) => drop.token === token);
      this.#ofToken.push(new Drops([...its, ...ofAll]));
      const dropsOf = (user: number) =>
        ofUser.filter(
          (drop) =>
            drop.user === user && (drop.token === token) === (drop.kind === 'invalidateById'),
        );
      this.#ofUser.push(new Map(users.map((user) => [user, new Drops(dropsOf(user))])));
    }
  }

  first({ token, user, born, version }: Source): number {
    const drops = [this.#ofToken[token], this.#ofUser[token]?.get(user)];
    return Math.min(
      ...drops.flatMap((of) =>
        of === undefined
          ? []
          : [of.firstEndAfter(born), ...(version < 0 ? [] : [of.firstEndOfNewerThan(version)])],
      ),
    );
  }
}
