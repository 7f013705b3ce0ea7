import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from 'onehost';
import { describeEnvironment, type Environment } from '../environment.ts';
import type { Contestant, WriterOrder, WriterReport } from './writer.ts';

export interface ContentionOptions {
  /** How long each contestant writes. */
  readonly seconds: number;
  readonly processes: number;
}

/** How long writers had to wait for each other, in milliseconds, and what became of the file. */
export interface ContentionRow {
  readonly name: Contestant;
  readonly note: string;
  readonly writes: number;
  /** By the process that wrote the least, and by the one that wrote the most. */
  readonly writesOfProcess: { readonly least: number; readonly most: number };
  readonly milliseconds: Readonly<
    Record<'p50' | 'p99' | 'p999' | 'p9999', number> & { worst: number }
  >;
  /** How many writes threw an error, by its code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
  /** The largest `-wal` that was seen. */
  readonly walMegabytes: number;
}

export interface ContentionReport {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly options: ContentionOptions;
  readonly environment: Environment;
  readonly rows: readonly ContentionRow[];
  readonly bounds: readonly { readonly text: string; readonly met: boolean }[];
}

const NOTES: Readonly<Record<Contestant, string>> = {
  onehost: 'DatabaseSessionCache.set',
  'better-sqlite3': 'one upsert in an immediate transaction, busy_timeout = 5000',
};

const program = fileURLToPath(new URL('./writer.ts', import.meta.url));

/** Several processes write one file without a pause: first with onehost, then with better-sqlite3 alone. */
export async function run(options: ContentionOptions): Promise<ContentionReport> {
  const startedAt = new Date().toISOString();
  const environment = describeEnvironment(false);
  const onehost = await contend('onehost', options);
  const plain = await contend('better-sqlite3', options);
  const bounds = boundsOf(onehost);
  return { startedAt, options, environment, rows: [onehost, plain], bounds };
}

async function contend(name: Contestant, options: ContentionOptions): Promise<ContentionRow> {
  const folder = mkdtempSync(path.join(tmpdir(), 'onehost-bench-'));
  const file = path.join(folder, 'contention.db');
  const writers: ChildProcess[] = [];
  try {
    // Makes the schema, which both use.
    (await openDatabase(file)).close();
    for (let index = 0; index < options.processes; index++) {
      writers.push(startWriter({ contestant: name, file, seconds: options.seconds, index }));
    }
    await Promise.all(writers.map((writer) => once(writer, 'message')));
    const wal = watchSize(`${file}-wal`);
    const reports = await Promise.all(writers.map(letWrite));
    return { name, note: NOTES[name], ...summarize(reports), walMegabytes: wal.stop() / 1e6 };
  } finally {
    for (const writer of writers) writer.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function startWriter(order: WriterOrder): ChildProcess {
  return fork(program, [JSON.stringify(order)], {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function letWrite(writer: ChildProcess): Promise<WriterReport> {
  const exited = once(writer, 'exit');
  const reported = once(writer, 'message');
  writer.send('write');
  const early = exited.then(([code, signal]) => {
    throw new Error(`A writer ended with ${signal ?? code} before it reported.`);
  });
  early.catch(() => {});
  const [report] = (await Promise.race([reported, early])) as [WriterReport];
  await exited;
  return report;
}

/** By its name, never by opening it: closing a file drops SQLite's locks. */
function watchSize(file: string): { stop(): number } {
  let largest = 0;
  const look = () => {
    largest = Math.max(largest, statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  };
  const timer = setInterval(look, 50);
  return {
    stop() {
      clearInterval(timer);
      look();
      return largest;
    },
  };
}

function summarize(reports: readonly WriterReport[]) {
  const counts = reports.map(({ milliseconds }) => milliseconds.length);
  const sorted = Float64Array.from(reports.flatMap(({ milliseconds }) => [...milliseconds])).sort();
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  const failures: Record<string, number> = {};
  for (const code of reports.flatMap((report) => report.failures)) {
    failures[code] = (failures[code] ?? 0) + 1;
  }
  return {
    writes: sorted.length,
    writesOfProcess: { least: Math.min(...counts), most: Math.max(...counts) },
    milliseconds: {
      p50: at(0.5),
      p99: at(0.99),
      p999: at(0.999),
      p9999: at(0.9999),
      worst: at(1),
    },
    failures,
    cpuSeconds: reports.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

function boundsOf({ milliseconds, failures, walMegabytes }: ContentionRow) {
  return [
    { text: 'no write fails', met: Object.keys(failures).length === 0 },
    { text: '99.9 % of the writes within 50 ms', met: milliseconds.p999 <= 50 },
    { text: 'the worst within 300 ms', met: milliseconds.worst <= 300 },
    { text: 'the -wal within 80 MB', met: walMegabytes <= 80 },
  ];
}
