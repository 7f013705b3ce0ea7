import { collectYoungGarbage } from '../garbage.ts';
import { fillUpTo } from '../stage.ts';
import type { SessionStore } from '../stores/store.ts';
import { type Contender, contenderNamed } from './contenders.ts';
import type { Order, Report } from './orders.ts';
import { type Played, play } from './play.ts';
import { type Visit, Visits } from './visits.ts';

const MOST_VISITS = 1_000_000;
/** A process alone is quicker than beside others, and a warm one than a cold one. */
const MORE_THAN_EVER = 2;
const FEWEST_VISITS = 500;
const WARM_UP_MILLISECONDS = 100;
const LONGEST_WARM_UP_MILLISECONDS = 30_000;

/** One process of an app, as its parent orders. */
class Worker {
  readonly #contender: Contender;
  readonly #store: SessionStore;
  readonly #source: Visits;
  #visits: Visit[] = [];
  #perMillisecond = 1;

  private constructor(contender: Contender, store: SessionStore, source: Visits) {
    this.#contender = contender;
    this.#store = store;
    this.#source = source;
  }

  static async open(order: Order & { kind: 'open' }): Promise<Worker> {
    const { sessions, folder, place } = order;
    const contender = contenderNamed(order.contender, sessions);
    const store = await contender.open({
      folder,
      sessions,
      durability: 'process-crash',
      ...(order.serverPort !== undefined && { serverPort: order.serverPort }),
    });
    if (contender.keptIn === 'memory') await fillUpTo(store, sessions, () => {});
    const worker = new Worker(contender, store, new Visits(sessions, place));
    await worker.#warmUp();
    return worker;
  }

  /**
   * Enough visits for that time, so that hardly any comes twice: where not all sessions fit into its memory, a session that comes twice in a row
   * is there the second time. What was there before is garbage.
   */
  makeReady(milliseconds: number): void {
    const enough = Math.ceil(this.#perMillisecond * milliseconds * MORE_THAN_EVER);
    this.#visits = this.#source.take(Math.min(MOST_VISITS, Math.max(FEWEST_VISITS, enough)));
    collectYoungGarbage();
  }

  async play(period: { begin: bigint; end: bigint }): Promise<Played> {
    const atOnce = this.#contender.answersAtOnce.includes('get');
    const played = await play(this.#store, this.#visits, period, atOnce);
    this.#perMillisecond = Math.max(this.#perMillisecond, played.operations / played.milliseconds);
    return played;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #warmUp(): Promise<void> {
    const end = performance.now() + LONGEST_WARM_UP_MILLISECONDS;
    let visits = 0;
    while (visits < this.#contender.warmUpVisits && performance.now() < end) {
      this.makeReady(WARM_UP_MILLISECONDS);
      const begin = process.hrtime.bigint();
      const period = { begin, end: begin + BigInt(WARM_UP_MILLISECONDS) * 1_000_000n };
      const { operations } = await this.play(period);
      // What came a second time brought nothing new into memory.
      visits += Math.min(operations, this.#visits.length);
    }
  }
}

let worker: Worker | undefined;

process.on('message', (order: Order) => {
  carryOut(order).then(tell, (error: unknown) =>
    tell({ kind: 'failed', message: error instanceof Error ? `${error.stack}` : String(error) }),
  );
});
// The parent is gone: nobody will ask for anything any more.
process.once('disconnect', () => process.exit());

async function carryOut(order: Order): Promise<Report> {
  if (order.kind === 'open') {
    worker = await Worker.open(order);
    return { kind: 'done' };
  }
  if (worker === undefined) throw new Error('The first order must be to open a store.');
  if (order.kind === 'play') return { kind: 'done', played: await worker.play(order.period) };
  if (order.kind === 'make-ready') worker.makeReady(order.milliseconds);
  else await worker.close();
  return { kind: 'done' };
}

function tell(report: Report): void {
  process.send?.(report);
}
