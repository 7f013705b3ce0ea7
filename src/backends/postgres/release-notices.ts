import type { Clock } from '../../contract/clock.ts';
import { withinDeadline } from '../../deadlines/within-deadline.ts';
import type { PostgresClient, PostgresNotice } from './postgres-pool.ts';
import { fromStored } from './stored-text.ts';

/** After a failure to listen; meanwhile standbys poll. */
const RETRY_MILLISECONDS = 5_000;

/** How long the server may take to say that it listens. */
const LISTEN_SECONDS = 2;

/** What listening needs of a database. */
interface Listened {
  readonly pool: { connect(): Promise<PostgresClient> };
  readonly schema: string;
  readonly quotedSchema: string;
  readonly clock: Clock;
}

/**
 * Tells standbys that a lease was released, on one connection of the pool for as long as anybody waits (LISTEN). A notice is a hint:
 * who waits polls all the same, so that it is no matter when one is lost or there is no connection to be had.
 */
export class ReleaseNotices {
  readonly #database: Listened;
  readonly #next = new Map<string, AbortController>();
  #waiting = 0;
  #client: PostgresClient | null = null;
  #isConnecting = false;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(database: Listened) {
    this.#database = database;
  }

  /** Whether releases are heard of at present. */
  get isListening(): boolean {
    return this.#client !== null;
  }

  /** Listens until what this returns is called. */
  listen(): () => void {
    this.#waiting++;
    this.#connectIfDue();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--this.#waiting === 0) this.close();
    };
  }

  /** Aborts at the next release of the lease. */
  next(name: string): AbortSignal {
    this.#connectIfDue();
    const known = this.#next.get(name);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    this.#next.set(name, controller);
    return controller.signal;
  }

  /** Gives the connection back; closed, since nobody else on the pool is to get our notices. */
  close(): void {
    this.#letGo();
    this.#next.clear();
  }

  #connectIfDue(): void {
    const { clock } = this.#database;
    if (this.#client !== null || this.#isConnecting || clock.monotonic() < this.#notBefore) return;
    this.#isConnecting = true;
    this.#connect().then(
      () => {
        this.#isConnecting = false;
        if (this.#waiting === 0) this.close();
      },
      () => {
        this.#isConnecting = false;
        this.#failed();
      },
    );
  }

  async #connect(): Promise<void> {
    const { pool, quotedSchema, clock } = this.#database;
    const client = await pool.connect();
    client.on('error', this.#failed);
    client.on('end', this.#failed);
    client.on('notification', this.#heard);
    try {
      const listening = () => client.query(`listen ${channelOf(quotedSchema)}`);
      // Whatever it fails with, it is tried again later, and nobody is told.
      await withinDeadline(clock, LISTEN_SECONDS, listening, () => new Error('Nobody answers.'));
    } catch (error) {
      this.#giveBack(client);
      throw error;
    }
    this.#client = client;
    // What was released before it listened.
    for (const name of [...this.#next.keys()]) this.#tell(name);
  }

  readonly #failed = (): void => {
    this.#notBefore = this.#database.clock.monotonic() + RETRY_MILLISECONDS;
    this.#letGo();
  };

  readonly #heard = ({ payload }: PostgresNotice): void => {
    this.#tell(fromStored(payload ?? ''));
  };

  #tell(name: string): void {
    const controller = this.#next.get(name);
    this.#next.delete(name);
    controller?.abort();
  }

  #letGo(): void {
    const client = this.#client;
    this.#client = null;
    if (client !== null) this.#giveBack(client);
  }

  #giveBack(client: PostgresClient): void {
    client.removeListener('notification', this.#heard);
    client.removeListener('end', this.#failed);
    client.release(true);
    client.removeListener('error', this.#failed);
  }
}

/** @param quotedSchema of at most 40 characters, since a channel has at most 63. */
export function channelOf(quotedSchema: string): string {
  return `"${quotedSchema.slice(1, -1)}_lease_released"`;
}
