import { type History, NONE, type Operation } from './operation.ts';
import type { Sessions } from './sessions.ts';
import { IMPOSSIBLE, type Step } from './token-order.ts';

/** What an operation was, for the fills that it concerns. */
interface TokenStep extends Step {
  /** Whose sessions it revokes; `NONE` for one that revokes whatever the token has. */
  readonly user: number;
}

/**
 * What the operations of all processes did to each token; `invalidateByUser` and `clear` are a step of each.
 *
 * A `getOrLoad` is a read, unless it gave what it had loaded itself: then it is a fill, which found no session and put that one there. One that
 * was cut off may have filled in what it loaded last.
 */
export function stepsOf(
  histories: readonly History[],
  tokens: number,
  sessions: Sessions,
): Step[][] {
  const steps = Array.from({ length: tokens }, (): Step[] => []);
  const all = (make: (token: number) => TokenStep | null) => {
    for (const [token, its] of steps.entries()) {
      const step = make(token);
      if (step !== null) its.push(step);
    }
  };
  for (const { operations, endedAt } of histories) {
    const loads = new Map<number, Operation>();
    for (const operation of operations) {
      const { kind, id, token } = operation;
      if (kind === 'load') loads.set(id, operation);
      else if (kind === 'invalidateByUser')
        all((each) => (each === token ? null : dropOfUser(operation, each, sessions)));
      else if (kind === 'clear') all((each) => change(operation, each, NONE, () => 0));
      else if (kind === 'getOrLoad') {
        const load = loads.get(id);
        loads.delete(id);
        const isFill = load !== undefined && load.session === operation.result;
        steps[token]?.push(isFill ? fill(operation, load) : read(operation));
      } else steps[token]?.push(stepOf(operation, sessions));
    }
    for (const load of loads.values()) {
      if (endedAt === null) throw new Error(`Load ${load.id} is in no getOrLoad that has ended.`);
      steps[load.token]?.push(fill({ ...load, end: endedAt, isCut: true }, load));
    }
  }
  return steps;
}

function stepOf(operation: Operation, sessions: Sessions): TokenStep {
  const { kind, user, session, result, token, isCut } = operation;
  if (kind === 'set') return change(operation, token, NONE, () => session, false);
  if (kind === 'invalidate') {
    return change(operation, token, NONE, (before) =>
      isCut || (before !== 0) === (result === 1) ? 0 : IMPOSSIBLE,
    );
  }
  if (kind === 'invalidateById') {
    return change(operation, token, user, (before) => {
      const isTheirs = before !== 0 && sessions.source(before)?.user === user;
      if (!isCut && isTheirs !== (result === 1)) return IMPOSSIBLE;
      return isTheirs ? 0 : before;
    });
  }
  if (kind === 'touch') {
    return {
      ...read(operation),
      apply: (before) => ((before !== 0) === (result === 1) ? before : IMPOSSIBLE),
    };
  }
  return read(operation);
}

function read(operation: Operation): TokenStep {
  const { begin, end, isCut, token, result } = operation;
  return {
    begin,
    end,
    isCut,
    isRead: true,
    isRevocation: false,
    user: NONE,
    apply: (before) => (before === result ? before : IMPOSSIBLE),
    otherwise: result,
    describe: () => describe(operation, token),
  };
}

function change(
  operation: Operation,
  token: number,
  user: number,
  apply: Step['apply'],
  isRevocation = true,
): TokenStep {
  const { begin, end, isCut } = operation;
  return {
    begin,
    end,
    isCut,
    isRead: false,
    isRevocation: isRevocation && !isCut,
    user,
    apply,
    otherwise: operation.kind === 'set' ? operation.session : 0,
    describe: () => describe(operation, token),
  };
}

/** On one token: it drops the session if it is of the user. That it dropped none at all says so of each token. */
function dropOfUser(operation: Operation, token: number, sessions: Sessions): TokenStep {
  const { user, result, isCut } = operation;
  return change(operation, token, user, (before) => {
    if (before === 0 || sessions.source(before)?.user !== user) return before;
    return result === 0 && !isCut ? IMPOSSIBLE : 0;
  });
}

function fill(operation: Operation, load: Operation): TokenStep {
  return {
    ...change(operation, load.token, NONE, (before) => (before === 0 ? load.session : IMPOSSIBLE)),
    begin: load.end,
    isRevocation: false,
    otherwise: load.session,
    fill: {
      loadedSince: load.begin,
      isConcerned: (revocation) => {
        const { user } = revocation as TokenStep;
        return user === NONE || user === load.user;
      },
    },
    describe: () => `${describe(operation, load.token)}, loaded from ${load.begin} to ${load.end}`,
  };
}

function describe(operation: Operation, token: number): string {
  const { kind, user, session, result, begin, end, isCut } = operation;
  const outcome = isCut ? 'was cut off' : `gave ${result}`;
  const what = [
    ...(user === NONE ? [] : [`of user ${user}`]),
    ...(session === NONE ? [] : [`of session ${session}`]),
  ];
  return [kind, ...what, `on token ${token} from ${begin} to ${end} ${outcome}`].join(' ');
}
