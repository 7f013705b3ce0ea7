import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** How long a server may take to answer. It takes some 20 ms. */
const START_MILLISECONDS = 10_000;

export interface RedisServerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** As in redis.conf, in place of those that keep nothing on disk. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  /** A configuration file of a Sentinel, which this is to be. */
  readonly sentinelFile?: string;
}

/** A redis-server on this machine that only this run uses. */
export class RedisServer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #endWithUs: () => void;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
    this.#endWithUs = () => child.kill('SIGKILL');
    process.once('exit', this.#endWithUs);
  }

  /** `7.0.15`, or `null` where none is installed. */
  static version(): string | null {
    const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
    return /\bv=([\d.]+)/.exec(stdout ?? '')?.[1] ?? null;
  }

  /** @param folder where it keeps what it keeps. */
  static async start(folder: string, options: RedisServerOptions = {}): Promise<RedisServer> {
    const port = options.port ?? (await freePort());
    const { sentinelFile } = options;
    const settings = {
      bind: '127.0.0.1',
      port,
      dir: folder,
      ...(sentinelFile === undefined ? { save: '', appendonly: 'no' } : {}),
      ...options.settings,
    };
    const child = spawn(
      'redis-server',
      [
        ...(sentinelFile === undefined ? [] : [sentinelFile, '--sentinel']),
        ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      { stdio: 'ignore', env: options.env ?? process.env },
    );
    const server = new RedisServer(port, child);
    const end = performance.now() + START_MILLISECONDS;
    while (!(await answers(port))) {
      if (child.exitCode !== null || performance.now() > end) {
        await server.stop();
        throw new Error(`redis-server did not begin to answer on port ${port} of 127.0.0.1.`);
      }
      await wait(10);
    }
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** SIGSTOP and SIGCONT: it is there, and does nothing. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal);
  }

  /** `SIGKILL`: as a crash ends it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    process.off('exit', this.#endWithUs);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port was found.');
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
