import { type ChildProcess, fork } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Many times what anything that is waited for takes: a bug must not hold up a run for ever. */
const LONGEST_WAIT_MILLISECONDS = 60_000;

/** Of what a process says before it ends by itself, in characters: a stack. */
const LONGEST_SAID = 4000;

/**
 * What comes with the next event of this name.
 *
 * @throws Error when none comes for a minute.
 */
export async function next(emitter: EventEmitter, event: string): Promise<unknown[]> {
  const signal = AbortSignal.timeout(LONGEST_WAIT_MILLISECONDS);
  try {
    return await once(emitter, event, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new Error(`"${event}" did not come within ${LONGEST_WAIT_MILLISECONDS / 1000} s.`, {
      cause,
    });
  }
}

/**
 * Processes that run one program, each with an order of its own, and talk with this one by messages. All of them are ended
 * with it, and with this process however it ends: one that is stopped would not hear that its parent is gone.
 */
export class Programs implements Disposable {
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Set<ChildProcess>();
  readonly #endAll = () => {
    for (const child of this.#running) child.kill('SIGKILL');
  };

  constructor(program: URL, env: NodeJS.ProcessEnv = process.env) {
    this.#program = fileURLToPath(program);
    this.#env = env;
    process.once('exit', this.#endAll);
  }

  start(order: object): ChildProcess {
    const child = fork(this.#program, [JSON.stringify(order)], {
      execArgv: this.#program.endsWith('.ts') ? ['--import', 'tsx'] : [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: this.#env,
    });
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LONGEST_SAID);
    });
    // When all that it said has been read.
    child.once('close', (code, signal) => {
      // Uncaught on purpose: whoever waits for a message of it would wait for ever.
      if (signal !== 'SIGKILL' && code !== 0) {
        throw new Error(
          `${this.#program} ended by itself with ${signal ?? `code ${code}`}. It said: ${said}`,
        );
      }
    });
    return child;
  }

  /** Ends one without any chance to say good-bye. */
  async kill(child: ChildProcess): Promise<void> {
    const exited = next(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#endAll);
    this.#endAll();
  }
}
