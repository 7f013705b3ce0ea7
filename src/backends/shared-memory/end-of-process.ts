/** What is open in this thread, with what ends it. Held, so that the environment of one that nobody refers to is not closed by the garbage collector, at any moment. */
const open = new Set<() => void>();
let isAwaited = false;

/**
 * Has `end` called when the process ends, or the thread in good order; what this returns calls that off.
 *
 * At the end of a process the package closes what is open, beside whoever is just opening it: the last to close destroys the locks (`mdb_env_close_active`), and
 * the one that has come meanwhile can begin no transaction ("No transaction to renew"). So it is closed before that, where nobody else opens.
 */
export function atEndOfProcess(end: () => void): () => void {
  open.add(end);
  if (!isAwaited) {
    isAwaited = true;
    process.once('exit', () => {
      for (const each of open) each();
    });
  }
  return () => open.delete(end);
}
