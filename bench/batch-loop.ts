import type { BatchRequest } from './requests.ts';

/** Which method of which object is called with each request of a batch. */
export interface Work {
  readonly subject: object;
  readonly method: string;
  /** `'at once'`, or how many of its promises are awaited together: 1 is one request after the other. */
  readonly answers: 'at once' | number;
}

/** A {@link Work} whose method is known to be there. */
export function work<Method extends string>(
  subject: Record<Method, (request: BatchRequest) => unknown>,
  method: Method,
  answers: Work['answers'],
): Work {
  return { subject, method, answers };
}

/** How many of the requests were answered by something true; a promise of it if there was one to await. */
export type BatchLoop = (subject: object, requests: readonly BatchRequest[]) => unknown;

type LoopMaker = new (...parametersAndBody: string[]) => BatchLoop;

const SyncFunction = Function as unknown as LoopMaker;
const AsyncFunction = (async () => {}).constructor as LoopMaker;

/**
 * A loop of its own for each contestant, made from text.
 *
 * With one loop for all, V8 would meet other methods behind the same call each time and stop inlining it:
 * the fastest contestants would all cost the price of that call. Counting what came back keeps the
 * optimizer from leaving the work out, and shows whether it was done.
 */
export function batchLoop(name: string, { method, answers }: Work): BatchLoop {
  const Maker = answers === 'at once' ? SyncFunction : AsyncFunction;
  const call = `subject.${method}(request)`;
  // The name makes the text unlike any other, so that V8's cache of compiled texts shares nothing.
  return new Maker(
    'subject',
    'requests',
    `// ${name.replaceAll(/\s+/g, ' ')}
    let done = 0;
    ${answers === 'at once' || answers === 1 ? oneByOne(call, answers) : together(call, answers)}
    return done;`,
  );
}

function oneByOne(call: string, answers: 'at once' | 1): string {
  return `for (const request of requests) if (${answers === 1 ? `await ${call}` : call}) done++;`;
}

function together(call: string, width: number): string {
  return `for (let first = 0; first < requests.length; first += ${width}) {
      const some = requests.slice(first, first + ${width});
      for (const answer of await Promise.all(some.map((request) => ${call}))) if (answer) done++;
    }`;
}
