import { setImmediate as nextTurn } from 'node:timers/promises';
import { createClient } from 'redis';
import { afterAll, beforeAll } from 'vitest';
import type { TrackingClient as Client } from '../../../src/backends/redis/tracking-connection.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { lacksFaketime, WallClock } from '../../faults/faketime.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const HOW_TO_GET_THEM = 'apt-get install redis-server libfaketime';

/** In CI they are installed, and their absence an error; elsewhere the tests that need them are skipped. */
export const lacksRedis: boolean =
  process.env['CI'] === undefined && (RedisServer.version() === null || lacksFaketime);
if (lacksRedis) console.warn(`Tests with a Redis server are skipped: ${HOW_TO_GET_THEM}`);

/**
 * A Redis server whose time stands still until it is told otherwise, together with a clock of the same kind for the processes that use it. Each
 * place on it has a prefix of its own.
 */
export class RedisPlace {
  #server: RedisServer | undefined;
  #wallClock: WallClock | undefined;
  readonly #folder = new TemporaryFolder();
  readonly #clients: Client[] = [];
  #places = 0;
  #inFlight = 0;
  #clock = new ManualClock();

  /** For the tests of the file that calls it. */
  static forThisFile(): RedisPlace {
    const place = new RedisPlace();
    beforeAll(async () => {
      if (!lacksRedis) await place.#start();
    });
    afterAll(() => place.#end());
    return place;
  }

  /** A prefix that nothing has been kept under, and a clock that shows what the server's does. */
  fresh(): { readonly prefix: string; readonly clock: ManualClock } {
    this.#clock = new ManualClock();
    this.#tellServer();
    this.#places++;
    return { prefix: `place-${this.#places}`, clock: this.#clock };
  }

  get url(): string {
    if (this.#server === undefined) throw new Error('The server has not been started.');
    return this.#server.url;
  }

  async connect(): Promise<Client> {
    const client = createClient({ url: this.url });
    client.on('error', () => {});
    await client.connect();
    const opened = client as unknown as Client;
    this.#clients.push(opened);
    return this.#counted(opened);
  }

  /** Lets time pass on the server and here, and waits for the answers to what was asked by then. */
  async advance(seconds: number): Promise<void> {
    this.#tellServer(seconds);
    this.#clock.advance(seconds);
    await this.#settle();
  }

  /** Lets time pass on the server and here, without calling anybody back. */
  stall(seconds: number): void {
    this.#tellServer(seconds);
    this.#clock.stall(seconds);
  }

  setWallClockBy(seconds: number): void {
    this.#tellServer(seconds);
    this.#clock.setWallClockBy(seconds);
  }

  /** Ends the connections, and empties the server. */
  async disconnect(): Promise<void> {
    const clients = this.#clients.splice(0);
    await clients[0]?.sendCommand(['FLUSHALL']);
    for (const client of clients) client.destroy();
  }

  /** The client, and every copy of it, with what is asked of them counted. */
  #counted(client: Client): Client {
    return new Proxy(client, {
      get: (target, name) => {
        if (name === 'sendCommand') return (...args: [string[]]) => this.#count(target, args);
        if (name === 'duplicate')
          return (options: object) => this.#counted(target.duplicate(options));
        const found = Reflect.get(target, name, target) as unknown;
        return typeof found === 'function' ? found.bind(target) : found;
      },
    });
  }

  async #count(client: Client, args: [string[]]): Promise<unknown> {
    this.#inFlight++;
    try {
      return await client.sendCommand(...args);
    } finally {
      this.#inFlight--;
    }
  }

  async #settle(): Promise<void> {
    do {
      for (let turn = 0; turn < 3; turn++) await nextTurn();
    } while (this.#inFlight > 0);
  }

  #tellServer(seconds = 0): void {
    this.#wallClock?.stopAt(this.#clock.now() + seconds * 1000);
  }

  async #start(): Promise<void> {
    this.#wallClock = new WallClock(this.#folder.file('clock'));
    this.#tellServer();
    const { env } = this.#wallClock;
    this.#server = await RedisServer.start(this.#folder.file('.'), {
      env: {
        ...env,
        TZ: 'UTC',
        // Its own allocator asks for the time before libfaketime is ready, and libfaketime for memory then.
        LD_PRELOAD: `${env['LD_PRELOAD']} libc.so.6`,
      },
    });
  }

  async #end(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    await this.#server?.stop();
    this.#folder[Symbol.dispose]();
  }
}
