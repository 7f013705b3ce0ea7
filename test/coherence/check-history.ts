import type { Kind, Operation } from './history.ts';
import { Timeline, timelinesBy } from './timeline.ts';

/** What was found in a history. That there is no violation means something only if the counts are large. */
export interface Findings {
  readonly violations: readonly string[];
  /** Reads that gave a session which was dropped sooner or later. */
  readonly readsChecked: number;
  /** Reads that gave a session which had come from a loader. */
  readonly loadedGiven: number;
  /** Loads during which an operation that drops what they load began and returned. */
  readonly loadsOverlapped: number;
  /** Reads that had to find a certain session. */
  readonly presenceChecked: number;
}

/** A session that somebody set or loaded, and until when it may be given. */
interface Value {
  readonly source: Operation;
  /** When the first operation that dropped it had returned. */
  readonly deadline: number;
}

/**
 * Holds the operations of all processes against two rules:
 *
 * 1. **Nothing stale.** If an operation that drops a session (an invalidation by token, by user, of
 *    everything, or a `set` in its place) began after the session was set, or after its load began, no
 *    read that begins after that operation returned gives it; nor does the `getOrLoad` that loaded it,
 *    if the operation returned before the load ended.
 * 2. **Nothing lost.** If a session was set, and nothing that could drop or replace it was going on
 *    between then and the end of a `get`, that `get` gives it.
 */
export function checkHistory(operations: readonly Operation[]): Findings {
  const byKind = (...kinds: Kind[]) => operations.filter(({ kind }) => kinds.includes(kind));
  const ofToken = timelinesBy(byKind('set', 'invalidate'), ({ token }) => token);
  const ofUser = timelinesBy(byKind('invalidateByUser'), ({ user }) => user);
  const ofEverything = new Timeline(byKind('clear'));
  const changesOfToken = timelinesBy(
    byKind('set', 'invalidate', 'load', 'getOrLoad'),
    ({ token }) => token,
  );

  const values = new Map<number, Value>();
  let loadsOverlapped = 0;
  for (const source of byKind('set', 'load')) {
    const born = source.kind === 'set' ? source.end : source.begin;
    const drops = ({ kind, token, value }: Operation) =>
      kind === 'invalidateByUser' ? token !== source.token : value !== source.value || value === 0;
    const deadline = Math.min(
      ...[ofToken.get(source.token), ofUser.get(source.user), ofEverything].map(
        (timeline) => timeline?.firstEndOfThoseBegunAfter(born, drops) ?? Number.POSITIVE_INFINITY,
      ),
    );
    if (source.kind === 'load' && deadline <= source.end) loadsOverlapped++;
    values.set(source.value, { source, deadline });
  }

  const violations: string[] = [];
  let readsChecked = 0;
  let loadedGiven = 0;
  let presenceChecked = 0;

  for (const read of byKind('get', 'getOrLoad')) {
    if (read.value !== 0) {
      const value = values.get(read.value);
      if (value === undefined || value.source.token !== read.token) {
        violations.push(`${describe(read)}, which nobody had set for it`);
        continue;
      }
      const { source, deadline } = value;
      if (source.kind === 'load') loadedGiven++;
      if (deadline < Number.POSITIVE_INFINITY) readsChecked++;
      if (deadline <= read.begin) {
        violations.push(`${describe(read)}, which had been dropped by ${deadline}`);
      } else if (source.kind === 'load' && source.begin >= read.begin && deadline <= source.end) {
        violations.push(`${describe(read)}, which had been dropped while it was loaded`);
      }
    }
    if (read.kind === 'get') {
      const set = changesOfToken.get(read.token)?.lastBegunBy(read.end);
      const mustBeThere =
        set?.kind === 'set' &&
        set.end <= read.begin &&
        !changesOfToken.get(read.token)?.anyGoingOn(set.begin, read.end, 1) &&
        !ofUser.get(set.user)?.anyGoingOn(set.begin, read.end) &&
        !ofEverything.anyGoingOn(set.begin, read.end);
      if (mustBeThere) {
        presenceChecked++;
        if (read.value !== set.value) {
          violations.push(`${describe(read)}, but ${set.value} had been set and nobody dropped it`);
        }
      }
    }
  }
  return { violations, readsChecked, loadedGiven, loadsOverlapped, presenceChecked };
}

function describe({ kind, token, value, begin, end }: Operation): string {
  return `${kind} of token ${token} from ${begin} to ${end} gave session ${value}`;
}
