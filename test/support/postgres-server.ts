import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { TemporaryFolder } from './temporary-folder.ts';

const REMEDY = 'PostgreSQL is not installed: apt-get install postgresql';

/** Debian keeps the programs of each version in a folder of its own, off the path. */
const folder = [
  ...(process.env['PATH'] ?? '').split(path.delimiter),
  ...versionsOf('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
].find((each) =>
  ['initdb', 'postgres', 'pg_basebackup'].every((name) => existsSync(path.join(each, name))),
);

/** Whether tests of PostgreSQL are left out, which they say; in CI it is installed, and its absence an error. */
export const lacksPostgres: boolean = folder === undefined && process.env['CI'] === undefined;
if (lacksPostgres) console.warn(`Tests are skipped. ${REMEDY}`);

/** It refuses to run as root. */
const user = process.getuid?.() === 0 ? (idsOf('postgres') ?? idsOf('nobody')) : undefined;

/** A PostgreSQL server of its own, with a fresh cluster in a temporary folder, on a free port of the loopback. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: TemporaryFolder;
  readonly #pools: pg.Pool[] = [];
  #process: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
    this.#folder = new TemporaryFolder();
  }

  static async start(): Promise<PostgresServer> {
    if (folder === undefined) throw new Error(REMEDY);
    const server = new PostgresServer(await freePort());
    const data = server.#data;
    if (user !== undefined) {
      mkdirSync(data);
      for (const each of [server.#folder.path, data]) chownSync(each, user.uid, user.gid);
    }
    execFileSync(
      path.join(folder, 'initdb'),
      ['-D', data, '-U', 'onehost', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { stdio: ['ignore', 'ignore', 'inherit'], ...user },
    );
    await server.startAgain();
    return server;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** A standby of this server, which follows it. */
  async startStandby(): Promise<PostgresServer> {
    const standby = new PostgresServer(await freePort());
    if (user !== undefined) chownSync(standby.#folder.path, user.uid, user.gid);
    execFileSync(
      path.join(folder as string, 'pg_basebackup'),
      [
        ...['-D', standby.#data, '-h', '127.0.0.1', '-p', String(this.port), '-U', 'onehost'],
        ...['-R', '-c', 'fast', '--no-sync'],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'], ...user },
    );
    await standby.startAgain();
    return standby;
  }

  /** After {@link kill}; resolves when it takes connections. */
  async startAgain(): Promise<void> {
    // It refuses to start, and ends with 1, until the last process of the one before is gone.
    for (const end = Date.now() + 30_000; ; await wait(50)) {
      if (await this.#hasStarted()) return;
      if (Date.now() > end) throw new Error('PostgreSQL did not start within 30 s.');
    }
  }

  async #hasStarted(): Promise<boolean> {
    const child = spawn(
      path.join(folder as string, 'postgres'),
      [
        ...['-D', this.#data, '-p', String(this.port), '-k', this.#folder.path, '-h', '127.0.0.1'],
        // What a process has written outlives its end; only the end of the machine would need more.
        ...['-c', 'fsync=off', '-c', 'max_connections=100', '-c', 'log_min_messages=fatal'],
      ],
      {
        stdio: ['ignore', 'ignore', process.env['ONEHOST_SERVER_LOG'] ? 'inherit' : 'ignore'],
        ...user,
      },
    );
    this.#process = child;
    for (const end = Date.now() + 30_000; ; await wait(20)) {
      if (child.exitCode !== null) return false;
      if (await this.#answers()) return true;
      if (Date.now() > end) return false;
    }
  }

  /** As the end of its machine would, but for what the disk has forgotten then: postmaster and all that it started. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined) return;
    this.#process = null;
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    // Its children would notice, and end by themselves, but not at once.
    const pids = [child.pid, ...this.#childrenOf(child.pid)];
    for (const pid of pids) signal(pid, 'SIGKILL');
    await ended;
  }

  /** The processes of the server that serve a connection of this application_name. */
  async backendsOf(applicationName: string): Promise<number[]> {
    const { rows } = await this.query(
      'select pid from pg_stat_activity where application_name = $1',
      [applicationName],
    );
    return rows.map((row) => Number(row['pid']));
  }

  /** A pool such as an app makes; ended with the server. */
  pool(options: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({
      host: '127.0.0.1',
      port: this.port,
      user: 'onehost',
      database: 'postgres',
      max: 5,
      // It limits the wait in the pool's queue too.
      connectionTimeoutMillis: 20_000,
      statement_timeout: 20_000,
      ...options,
    });
    pool.on('error', () => {});
    this.#pools.push(pool);
    return pool;
  }

  /** One statement on a connection of its own. */
  async query(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: 'onehost',
      database: 'postgres',
      connectionTimeoutMillis: 20_000,
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pools.map((pool) => (pool.ended ? undefined : endSoon(pool))));
    await this.kill();
    this.#folder[Symbol.dispose]();
  }

  get #data(): string {
    return this.#folder.file('data');
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query('select 1');
      return true;
    } catch {
      return false;
    }
  }

  #childrenOf(parent: number): number[] {
    try {
      const file = `/proc/${parent}/task/${parent}/children`;
      return readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  }
}

/** A connection that is still out would hold up the end of the pool, and the test knows by now. */
async function endSoon(pool: pg.Pool): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([pool.end(), wait(1000, undefined, { signal: timeout.signal, ref: false })]);
  timeout.abort();
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

function versionsOf(parent: string): string[] {
  return existsSync(parent) ? readdirSync(parent).sort().reverse() : [];
}

function idsOf(name: string): { uid: number; gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim(),
  );
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}
