/** Held until then: what an end refers to is not collected before. */
const ends = new Set<() => void>();
let isAwaited = false;

/** Has `end` called when the process ends in good order, or the worker thread that calls this; what this returns calls that off. */
export function atEndOfThread(end: () => void): () => void {
  ends.add(end);
  if (!isAwaited) {
    isAwaited = true;
    process.once('exit', () => {
      for (const each of ends) each();
    });
  }
  return () => ends.delete(end);
}
