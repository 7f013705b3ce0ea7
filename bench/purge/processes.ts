import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that runs a file of this folder, and takes orders of one kind. */
export class OrderedProcess<Order extends object> {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start<Order extends object>(name: string): Promise<OrderedProcess<Order>> {
    const child = fork(fileURLToPath(new URL(name, import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const started = new OrderedProcess<Order>(child);
    await started.#answer();
    return started;
  }

  send(order: Order): void {
    this.#child.send(order);
  }

  async ask<Answer>(order: Order): Promise<Answer> {
    const answer = this.#answer();
    this.send(order);
    return (await answer) as Answer;
  }

  async end(order: Order): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.send(order);
    await exit;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #answer(): Promise<unknown> {
    const isOver = new AbortController();
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal: isOver.signal }).then(([message]) => message),
        once(this.#child, 'exit', { signal: isOver.signal }).then(([code, signal]) => {
          throw new Error(`A process of the bench ended with ${signal ?? `code ${code}`}.`);
        }),
      ]);
    } finally {
      isOver.abort();
    }
  }
}
