import { isOnehostError, ServerUnsuitableError } from '../../contract/errors/index.ts';

/** Makes the error of a kind of store: sessions, or leases and jobs. */
export type Unavailable = (message: string, cause: unknown) => Error;

/**
 * What the server or the way to it reported, as an error of ours that says what to do; the original one is the `cause`.
 *
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function translateError(error: unknown, unavailable: Unavailable): Error {
  if (isOnehostError(error)) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const found = `${typeof code === 'string' ? `${code}: ` : ''}${String(message ?? error)}`;
  const remedy = typeof code === 'string' ? UNSUITABLE[code] : undefined;
  if (remedy !== undefined) {
    return new ServerUnsuitableError(
      `PostgreSQL refused a statement of onehost (${found}). Nothing was written. ${remedy}`,
      { cause: error },
    );
  }
  if (typeof code === 'string' && /^(28|3D)/.test(code)) {
    return unavailable(
      `PostgreSQL refused the connection (${found}). Nothing was written. Look at the user, the password and the name of the database in the URL, and at its pg_hba.conf.`,
      error,
    );
  }
  return unavailable(
    `PostgreSQL could not carry out a call (${found}). Of a write it is not known whether it was done: repeat an invalidation. ` +
      'Look whether the server runs and takes connections from here, and at its log.',
    error,
  );
}

/** What a later try would not change. */
const UNSUITABLE: Readonly<Record<string, string>> = {
  OH001:
    'Leave default_transaction_isolation at "read committed" for the connections that onehost is given: with another one a change that was committed during a wait would go unseen.',
  '25006':
    'This is a standby, or a connection that is set to read only. Connect to the primary: what a standby answers may be out of date.',
  '42501':
    'Grant the role usage of the schema, and of what is in it: select, insert, update, delete on its tables, usage on its sequences, execute on its functions.',
  '3F000': 'The schema of onehost is gone. Call openPostgres again, which makes it.',
  '42P01': 'A table of onehost is gone. Call openPostgres again, which makes it.',
  '42883': 'A function of onehost is gone. Call openPostgres again, which makes it.',
};

/** How often something is begun that was undone because another was in its way. Locks are taken in one order, so that once is rare. */
export const MAX_ATTEMPTS = 5;

/** Two transactions were in each other's way, and this one was undone. */
export function isConflict(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === '40001' || code === '40P01';
}

/** Whether the server says it of a statement, by a code that is not about the connection, its resources, or what onehost needs of it. */
export function isServerError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return false;
  return !/^(08|53|57|58|XX)/.test(code) && !(code in UNSUITABLE);
}

/** Whether a statement failed because its connection is no more, and not for what is in it. */
export function isConnectionFailure(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|25P03)/.test(code);
}
