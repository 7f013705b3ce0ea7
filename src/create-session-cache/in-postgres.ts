import type { Session } from '../contract/session.ts';
import { loadPeer } from '../peers/load-peer.ts';
import type { BackendSettings, MadeBackends } from './session-backends.ts';

/** What `openPostgres` asks of a pool; the process has this many connections at most. */
const POOL = { max: 10, connectionTimeoutMillis: 2000, statement_timeout: 10_000 };

/**
 * Sessions, leases and jobs in PostgreSQL, by a pool that is made here and ended with them.
 *
 * @throws PeerMissingError, and what `openPostgres` throws.
 */
export async function makeInPostgres<S extends Session>(
  url: string,
  { clock, name, appVersion, onError }: BackendSettings,
): Promise<MadeBackends<S>> {
  const pg = await loadPeer('pg', 'Sessions in PostgreSQL need', () => import('pg'));
  const { openPostgres, PostgresJobLedger, PostgresLeaseStore, PostgresSessionCache } =
    await import('../postgres.ts');
  const pool = new pg.default.Pool({ connectionString: url, ...POOL });
  // Without a listener an 'error' of an emitter ends the process.
  pool.on('error', (error) => void onError(error));
  try {
    // Apart from the app's own tables, which may be in the same database.
    const postgres = await openPostgres(pool, { schema: `onehost_${name}`, clock });
    const sessions = new PostgresSessionCache<S>(postgres);
    return {
      sessions,
      leases: new PostgresLeaseStore(postgres, { appVersion }),
      ledger: new PostgresJobLedger(postgres),
      closing: [() => pool.end(), () => postgres.close(), () => sessions.close()],
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}
