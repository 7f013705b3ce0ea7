// A process that sets sessions without a pause; `contention.ts` starts it.
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { DatabaseSessionCache, openDatabase } from 'onehost';
import { type AppSession, RequestStream, TTL_SECONDS } from '../requests.ts';
import { PlainSqlite } from './plain-sqlite.ts';

export type Contestant = 'onehost' | 'better-sqlite3';

export interface WriterOrder {
  readonly contestant: Contestant;
  readonly file: string;
  readonly seconds: number;
  readonly index: number;
}

export interface WriterReport {
  /** How long each write took, in milliseconds. */
  readonly milliseconds: Float64Array;
  /** The codes of the errors that writes threw. */
  readonly failures: readonly string[];
  readonly cpuSeconds: number;
}

/** Written over and over by each process, so that the file stays of one size. */
const SESSIONS = 2000;
/** As many as a busy server writes before it looks for what has come in meanwhile. */
const WRITES_A_TURN = 20;

interface Writer {
  set(token: string, session: AppSession): void;
  close(): void;
}

async function openWriter({ contestant, file }: WriterOrder): Promise<Writer> {
  if (contestant === 'better-sqlite3') return new PlainSqlite(file);
  const database = await openDatabase(file);
  const cache = new DatabaseSessionCache<AppSession>(database);
  return {
    set: (token, session) => cache.set(token, session, TTL_SECONDS),
    close: () => database.close(),
  };
}

async function write(writer: Writer, order: WriterOrder): Promise<WriterReport> {
  const requests = new RequestStream(SESSIONS).all();
  const milliseconds: number[] = [];
  const failures: string[] = [];
  const cpu = process.cpuUsage();
  const end = performance.now() + order.seconds * 1000;
  for (let n = 0; performance.now() < end; n++) {
    const { token, session } = requests[n % SESSIONS] as (typeof requests)[number];
    const began = performance.now();
    try {
      writer.set(`${order.index} ${token}`, session);
    } catch (error) {
      failures.push((error as { code?: string }).code ?? String(error));
    }
    milliseconds.push(performance.now() - began);
    if (n % WRITES_A_TURN === 0) await eventLoopTurn();
  }
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  return { milliseconds: Float64Array.from(milliseconds), failures, cpuSeconds };
}

const order = JSON.parse(process.argv[2] ?? '') as WriterOrder;
const writer = await openWriter(order);
process.once('message', async () => {
  const report = await write(writer, order);
  process.send?.(report, () => {
    writer.close();
    process.disconnect();
  });
});
process.send?.('ready');
