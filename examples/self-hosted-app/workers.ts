import cluster, { type Worker } from 'node:cluster';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from './refusal.ts';

/** Longer than a worker lets its last requests and jobs go on. */
const STOP_SECONDS = 8;

export interface WorkersOptions {
  readonly count: number;
  /** What each gets on top of the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Called once, when all of them answer requests. */
  readonly onReady: (port: number) => void;
}

/** The processes that answer requests: one that crashes is started again, and all are stopped together. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #numbers = new Map<Worker, number>();
  readonly #listening = new Set<Worker>();
  readonly #stopping = new AbortController();
  #isReady = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
    // Beside this file: worker.ts, or worker.js once compiled.
    const file = new URL(`./worker${path.extname(import.meta.url)}`, import.meta.url);
    cluster.setupPrimary({ exec: fileURLToPath(file) });
    cluster.on('listening', (worker, { port }) => this.#onListening(worker, port));
  }

  /**
   * Runs them until `stop` aborts, or one ends before it has answered requests. Resolves to which of the two it was, in words,
   * when all have ended.
   */
  async run(stop: AbortSignal): Promise<Error> {
    if (stop.aborted) return stop.reason;
    const ended = new Promise<void>((resolve) => {
      cluster.on('exit', (worker, code, signal) => {
        this.#onExit(worker, signal ?? `exit code ${code}`);
        if (this.#numbers.size === 0) resolve();
      });
    });
    for (let number = 1; number <= this.#options.count; number++) this.#start(number);
    stop.addEventListener('abort', () => this.#stop(stop.reason));
    await ended;
    return this.#stopping.signal.reason;
  }

  #start(number: number): void {
    const worker = cluster.fork({ ...this.#options.env, APP_WORKER: String(number) });
    this.#numbers.set(worker, number);
  }

  #onListening(worker: Worker, port: number): void {
    this.#listening.add(worker);
    if (this.#isReady || this.#listening.size < this.#options.count) return;
    this.#isReady = true;
    this.#options.onReady(port);
  }

  #onExit(worker: Worker, how: string): void {
    const number = this.#numbers.get(worker);
    const hasServed = this.#listening.delete(worker);
    this.#numbers.delete(worker);
    if (this.#stopping.signal.aborted || number === undefined) return;
    console.error(`Worker ${number} ended by itself (${how}).`);
    if (hasServed) this.#start(number);
    // It would fail again: better to say so than to try for ever.
    else this.#stop(new Refusal(`Worker ${number} ended before it answered requests (${how}).`));
  }

  #stop(reason: Error): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(reason);
    console.error(`Stopping: ${reason.message}`);
    for (const worker of this.#numbers.keys()) worker.process.kill('SIGTERM');
    setTimeout(() => {
      for (const worker of this.#numbers.keys()) worker.process.kill('SIGKILL');
    }, STOP_SECONDS * 1000).unref();
  }
}
