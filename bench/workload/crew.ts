import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './orders.ts';
import type { Played } from './play.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Until all processes have heard when to begin. */
const NOTICE_NANOSECONDS = 30_000_000n;

type OpenOrder = Omit<Order & { kind: 'open' }, 'kind' | 'place'>;

/** The processes of one app. All have the same store open; any number of them can play. */
export class Crew {
  readonly #processes: readonly ChildProcess[];

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes;
  }

  static async open(size: number, order: OpenOrder): Promise<Crew> {
    const crew = new Crew(
      Array.from({ length: size }, () => fork(WORKER, { serialization: 'advanced' })),
    );
    try {
      await crew.#order(size, (place) => ({ ...order, kind: 'open', place }));
    } catch (error) {
      crew.#kill();
      throw error;
    }
    return crew;
  }

  /** The first so many of them, all at the same time. */
  async play(processes: number, milliseconds: number): Promise<Played[]> {
    await this.#order(processes, () => ({ kind: 'make-ready', milliseconds }));
    const begin = process.hrtime.bigint() + NOTICE_NANOSECONDS;
    const period = { begin, end: begin + BigInt(milliseconds) * 1_000_000n };
    const reports = await this.#order(processes, () => ({ kind: 'play', period }));
    return reports.map(({ played }) => played as Played);
  }

  async close(): Promise<void> {
    // One that has failed may have ended.
    const alive = this.#processes.filter(({ connected }) => connected);
    await Promise.all(alive.map((child) => ask(child, { kind: 'close' })));
    const ended = alive.map((child) => once(child, 'exit'));
    for (const child of alive) child.disconnect();
    await Promise.all(ended);
  }

  #order(processes: number, order: (place: number) => Order): Promise<Done[]> {
    return Promise.all(
      this.#processes.slice(0, processes).map((child, place) => ask(child, order(place))),
    );
  }

  #kill(): void {
    for (const child of this.#processes) child.kill('SIGKILL');
  }
}

type Done = Report & { kind: 'done' };

/** The answer of the process to the order; it fails when the process ends instead. */
function ask(child: ChildProcess, order: Order): Promise<Done> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null) => {
      reject(new Error(`A process of the workload ended (${signal ?? code}) on "${order.kind}".`));
    };
    child.once('exit', ended);
    child.once('message', (report: Report) => {
      child.off('exit', ended);
      if (report.kind === 'done') resolve(report);
      else
        reject(new Error(`A process of the workload failed on "${order.kind}": ${report.message}`));
    });
    child.send(order);
  });
}
