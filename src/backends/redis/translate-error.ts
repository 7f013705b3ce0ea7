import { isOnehostError, ServerUnsuitableError } from '../../contract/errors/index.ts';

/** What is thrown when the server cannot be asked: of a cache one error, of leases and jobs another. */
export type UnavailableError = new (message: string, options?: ErrorOptions) => Error;

export const REMEDY = 'Look whether Redis runs, and at the "error" events of the client.';

/**
 * Refusals that are over once something else is: it starts, another server becomes the primary, a disk has room again, a script ends.
 * The others stay until somebody changes the set-up.
 */
const PASSING =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|MISCONF|OOM|NOREPLICAS|UNKILLABLE|MOVED|ASK)\b/;

/** What Redis before 7 puts before what a command of a script was refused with. */
const OF_A_SCRIPT = /^ERR Error running script .*?: -(?=[A-Z])/;

/** What to throw for what the client threw. */
export function translateError(error: unknown, Unavailable: UnavailableError): Error {
  if (isOnehostError(error)) return error;
  const message = describe(error);
  if (!isLasting(error)) {
    return new Unavailable(
      `Redis cannot be asked (${message}). Of a write it is not known whether it was done. ${REMEDY}`,
      { cause: error },
    );
  }
  return new ServerUnsuitableError(
    `Redis refused a command of onehost (${message}). Look at the rights of the user that the client connects as, at what else uses ` +
      'these keys, and whether it is Redis 6.2 or later.',
    { cause: error },
  );
}

/** Whether the server has refused, and would again. */
export function isLasting(error: unknown): boolean {
  return isReply(error) && !PASSING.test(describe(error).replace(OF_A_SCRIPT, ''));
}

/** Of several addresses that all refused Node says nothing but a code. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}

/** Whether the server said it, and not the client. Its class has no name of its own that is part of what the package promises. */
function isReply(error: unknown): boolean {
  return (
    error instanceof Error && /^[A-Z]{2,}[A-Z0-9]* /.test(error.message) && !('errno' in error)
  );
}
