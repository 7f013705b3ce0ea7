import type { CancelTimer, Clock } from '../../contract/clock.ts';
import { InvalidOptionError } from '../../contract/errors/index.ts';
import { connectionOf, type RedisClient, type RedisServerClient } from './redis-client.ts';
import { identityOf, isOnePrimary } from './server-identity.ts';

/** How long an entry that is in the memory of a process may still be given after it was invalidated elsewhere. */
export const STALE_SECONDS = 1;

/** How often the connection is heard, while nothing is wrong. */
const HEARTBEAT_MILLISECONDS = (STALE_SECONDS * 1000) / 4;

/** How often at most it is made anew because it leads elsewhere than the app's client. */
const RECONNECT_MILLISECONDS = 1000;

/** What is asked of the client, and of its copy. */
export interface TrackingClient extends RedisServerClient {
  readonly isReady: boolean;
  duplicate(overrides: object): TrackingClient;
  connect(): Promise<unknown>;
  on(event: string, listener: (argument: unknown) => void): unknown;
  unref(): void;
  destroy(): void;
}

/** @throws InvalidOptionError unless it is the client of one server. */
export function assertTrackable(client: RedisClient): asserts client is TrackingClient {
  if ('duplicate' in client && 'isReady' in client && !('getMasterNode' in client)) return;
  throw new InvalidOptionError(
    'nearCacheEntries needs the client of one server, as createClient() makes it: which server tells what has changed is not known of a pool, a Sentinel or a ' +
      'Cluster. Leave nearCacheEntries out; each get then asks the server.',
  );
}

/** What the owner of the connection is told. */
export interface TrackingListener {
  /** Something has changed a key that was read by this connection. */
  changed(key: string): void;
  /** From now on it is not known what changes, until the next read. */
  lost(): void;
}

/**
 * A second connection to the server, which tells by it when a key that was read by it has changed (https://redis.io/docs/latest/develop/use/client-side-caching/).
 *
 * What it tells comes in order with the answers. So an answer to a question that was asked at some time says that everything which changed before that time has
 * been told by now: as long as the newest such time is less than {@link STALE_SECONDS} ago, what was read and not said to have changed is as it was then.
 * That looks at a clock, and not at a timer which a stopped process could not run.
 *
 * One address may lead to two servers, one after the other, and an app may have chosen another database: nothing is trusted until both clients have said that they
 * lead to the same, nor after the app's has connected anew.
 */
export class TrackingConnection {
  readonly #app: RedisServerClient;
  readonly #client: TrackingClient;
  readonly #clock: Clock;
  readonly #lost: () => void;
  /** The connection of the app's client that leads to where this one does. */
  #verified: number | null = null;
  #reconnectedAt = Number.NEGATIVE_INFINITY;
  /** When the newest question that was answered had been asked, by the clock here, and what the server's clock showed then or later. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #serverTime = 0;
  #isAsking = false;
  #isClosed = false;
  #cancel: CancelTimer = () => {};

  constructor(client: TrackingClient, clock: Clock, listener: TrackingListener) {
    this.#app = client;
    this.#clock = clock;
    this.#client = client.duplicate({
      RESP: 3,
      emitInvalidate: true,
      clientSideCache: undefined,
      // Announced maintenance would be met with another socket in the place of this one, and without a word: what was read by the first is tracked no more.
      maintNotifications: 'disabled',
      // What cannot be asked by it now is asked by the app's own.
      disableOfflineQueue: true,
    });
    this.#lost = () => {
      this.#heardAt = Number.NEGATIVE_INFINITY;
      this.#verified = null;
      listener.lost();
    };
    this.#client.on('invalidate', (key) =>
      key === null ? this.#lost() : listener.changed(String(key)),
    );
    // What is wrong with it is wrong with the app's own client too, which tells the app.
    for (const event of ['error', 'reconnecting', 'end']) this.#client.on(event, this.#lost);
    this.#client.on('ready', () => {
      this.#lost();
      void this.#beat();
    });
    this.#client.unref();
    this.#client.connect().catch(() => {});
    this.#arm();
  }

  /** Whether what it has not said to have changed may be given. */
  isTrusted(): boolean {
    const isHeard = this.#clock.monotonic() - this.#heardAt < STALE_SECONDS * 1000;
    return isHeard && this.#isVerified();
  }

  /** The server's clock, or a little later. */
  serverTime(): number {
    return this.#serverTime + (this.#clock.monotonic() - this.#heardAt);
  }

  send(command: string[], signal: AbortSignal): Promise<unknown> {
    return this.#client.sendCommand(command, { abortSignal: signal, timeout: 0, typeMapping: {} });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#client.destroy();
  }

  #arm(): void {
    this.#cancel = this.#clock.after(HEARTBEAT_MILLISECONDS, () => {
      this.#arm();
      void this.#beat();
    });
  }

  async #beat(): Promise<void> {
    if (this.#isAsking || this.#isClosed || !this.#client.isReady) return;
    this.#isAsking = true;
    try {
      if (!this.#isVerified() && !(await this.#verify())) return;
      const askedAt = this.#clock.monotonic();
      const [seconds, microseconds] = (await this.#client.sendCommand(['TIME'], {
        timeout: 0,
        typeMapping: {},
      })) as [string, string];
      this.#heardAt = askedAt;
      this.#serverTime = Number(seconds) * 1000 + Number(microseconds) / 1000;
    } catch {
      // It was lost, and the next is asked when it is there again.
    } finally {
      this.#isAsking = false;
    }
  }

  #isVerified(): boolean {
    return this.#verified !== null && this.#verified === connectionOf(this.#app);
  }

  /** Asks whether this connection leads to where the app's present one does. */
  async #verify(): Promise<boolean> {
    this.#lost();
    const app = connectionOf(this.#app);
    if (app === null) return false;
    const own = connectionOf(this.#client);
    const [theirs, ours] = await Promise.all([identityOf(this.#app), identityOf(this.#client)]);
    // Of one that is gone by now it says nothing. It is asked again at the next beat.
    if (connectionOf(this.#app) !== app || connectionOf(this.#client) !== own) return false;
    if (!isOnePrimary(theirs, ours)) {
      this.#reconnect();
      return false;
    }
    this.#verified = app;
    return true;
  }

  #reconnect(): void {
    const now = this.#clock.monotonic();
    if (now - this.#reconnectedAt < RECONNECT_MILLISECONDS) return;
    this.#reconnectedAt = now;
    this.#client.destroy();
    this.#client.connect().catch(() => {});
  }
}
