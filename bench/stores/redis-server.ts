import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** How long a server may take to answer. It takes some 20 ms. */
const START_MILLISECONDS = 10_000;

/** A redis-server that only this run uses. */
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

  static async start(folder: string): Promise<RedisServer> {
    const port = await freePort();
    const settings = { bind: '127.0.0.1', port, dir: folder, save: '', appendonly: 'no' };
    const child = spawn(
      'redis-server',
      Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      { stdio: 'ignore' },
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

  async stop(): Promise<void> {
    process.off('exit', this.#endWithUs);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

async function freePort(): Promise<number> {
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
