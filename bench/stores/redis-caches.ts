import { RedisSessionCache, type RedisSessionCacheOptions } from 'onehost/redis';
import { requirePeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import type { SessionStore } from './store.ts';

type Client = ConstructorParameters<typeof RedisSessionCache>[0] & {
  connect(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  close(): Promise<void>;
};

type Callback<T> = (error: unknown, value: T) => void;

interface ConnectRedis {
  get(token: string, callback: Callback<AppSession | null>): void;
  set(token: string, session: object, callback: Callback<unknown>): void;
  touch(token: string, session: object, callback: Callback<unknown>): void;
  destroy(token: string, callback: Callback<unknown>): void;
}

async function connect(port: number): Promise<Client> {
  const { createClient } = requirePeer<{ createClient(options: object): Client }>('redis');
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', (error) => {
    throw error;
  });
  await client.connect();
  return client;
}

/** `RedisSessionCache`. */
export class RedisCacheSubject implements SessionStore {
  readonly #client: Client;
  readonly #cache: RedisSessionCache<AppSession>;

  private constructor(client: Client, options: RedisSessionCacheOptions) {
    this.#client = client;
    this.#cache = new RedisSessionCache<AppSession>(client, options);
  }

  static async open(port: number, options: RedisSessionCacheOptions): Promise<RedisCacheSubject> {
    return new RedisCacheSubject(await connect(port), options);
  }

  get({ token }: BatchRequest) {
    return this.#cache.get(token);
  }

  async set({ token, session }: BatchRequest) {
    await this.#cache.set(token, session, TTL_SECONDS);
    return true;
  }

  touch({ token }: BatchRequest) {
    return this.#cache.touch(token, TTL_SECONDS);
  }

  invalidate({ token }: BatchRequest) {
    return this.#cache.invalidate(token);
  }

  async close() {
    await this.#cache.close();
    await this.#client.close();
  }
}

/** The store of express-session for Redis, which has no index by user and no near cache. */
export class ConnectRedisSubject implements SessionStore {
  readonly #client: Client;
  readonly #store: ConnectRedis;

  private constructor(client: Client) {
    this.#client = client;
    const { RedisStore } = requirePeer<{
      RedisStore: new (options: { client: Client; ttl: number }) => ConnectRedis;
    }>('connect-redis');
    this.#store = new RedisStore({ client, ttl: TTL_SECONDS });
  }

  static async open(port: number): Promise<ConnectRedisSubject> {
    return new ConnectRedisSubject(await connect(port));
  }

  get({ token }: BatchRequest) {
    return answerOf<AppSession | null>((callback) => this.#store.get(token, callback));
  }

  async set({ token, session }: BatchRequest) {
    await answerOf((callback) => this.#store.set(token, { cookie: {}, ...session }, callback));
    return true;
  }

  async touch({ token, session }: BatchRequest) {
    await answerOf((callback) => this.#store.touch(token, { cookie: {}, ...session }, callback));
    return true;
  }

  async invalidate({ token }: BatchRequest) {
    await answerOf((callback) => this.#store.destroy(token, callback));
    return true;
  }

  async close() {
    await this.#client.close();
  }
}

function answerOf<T>(ask: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, value) => (error ? reject(error) : resolve(value)));
  });
}
