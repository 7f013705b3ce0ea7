import { RedisServer } from '../../test/support/redis-server.ts';
import { requirePeer } from '../peer-packages.ts';
import { type AppSession, type BatchRequest, TTL_SECONDS } from '../requests.ts';
import type { OpenOptions, Peer, SessionStore } from './store.ts';

interface RedisClient {
  connect(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  get(key: string): Promise<string | null>;
  set(
    key: string,
    value: string,
    options: { expiration: { type: 'EX'; value: number } },
  ): Promise<string | null>;
  expire(key: string, seconds: number): Promise<number>;
  del(key: string): Promise<number>;
  close(): Promise<void>;
}

class RedisSubject implements SessionStore {
  readonly #server: RedisServer | null;
  readonly #client: RedisClient;

  private constructor(server: RedisServer | null, client: RedisClient) {
    this.#server = server;
    this.#client = client;
  }

  static async open({ folder, serverPort }: OpenOptions): Promise<RedisSubject> {
    const { createClient } = requirePeer<{ createClient(options: object): RedisClient }>('redis');
    const server = serverPort === undefined ? await RedisServer.start(folder) : null;
    const client = createClient({ url: `redis://127.0.0.1:${server?.port ?? serverPort}` });
    client.on('error', (error) => {
      throw error;
    });
    await client.connect();
    return new RedisSubject(server, client);
  }

  async get({ token }: BatchRequest) {
    const payload = await this.#client.get(`session:${token}`);
    return payload === null ? null : (JSON.parse(payload) as AppSession);
  }

  set({ token, session }: BatchRequest) {
    return this.#client.set(`session:${token}`, JSON.stringify(session), {
      expiration: { type: 'EX', value: TTL_SECONDS },
    });
  }

  touch({ token }: BatchRequest) {
    return this.#client.expire(`session:${token}`, TTL_SECONDS);
  }

  invalidate({ token }: BatchRequest) {
    return this.#client.del(`session:${token}`);
  }

  async fill(requests: readonly BatchRequest[]) {
    await Promise.all(requests.map((request) => this.set(request)));
  }

  async close() {
    await this.#client.close();
    await this.#server?.stop();
  }
}

export const redis: Peer = {
  name: 'Redis on loopback',
  note: 'nothing kept on disk; one request at a time',
  keptIn: 'server',
  answersAtOnce: [],
  durabilities: [],
  packages: ['redis'],
  open: (options) => RedisSubject.open(options),
};
