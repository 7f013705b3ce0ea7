/**
 * The app: this process starts the workers, starts one again that has crashed, and stops them all when
 * it is told to. It answers no requests itself.
 */
import cluster, { type Worker } from 'node:cluster';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareFolder } from './first-start.ts';
import { readSettings } from './settings.ts';

/** Longer than a worker lets its last requests go on. */
const STOP_SECONDS = 8;

const settings = readSettings(process.env);
const cookieSecret = await prepareFolder(settings.folder, process.env);
const numbers = new Map<Worker, number>();
const listening = new Set<Worker>();
let announced = false;
let stopping = false;

// Beside this file: worker.ts, or worker.js once compiled.
const workerFile = new URL(`./worker${path.extname(import.meta.url)}`, import.meta.url);
cluster.setupPrimary({ exec: fileURLToPath(workerFile) });
for (let number = 1; number <= settings.workers; number++) startWorker(number);

process.on('SIGTERM', () => stop());
process.on('SIGINT', () => stop());
// Started by another program over a channel (PM2, the demo): when that is gone, so is the app.
process.on('disconnect', () => stop());

cluster.on('listening', (worker, { port }) => {
  listening.add(worker);
  if (listening.size === settings.workers && !announced) {
    announced = true;
    announce(`http://${settings.host}:${port}`);
  }
});

cluster.on('exit', (worker, code, signal) => {
  const number = numbers.get(worker);
  numbers.delete(worker);
  if (stopping && numbers.size === 0 && process.connected) process.disconnect();
  if (stopping || number === undefined) return;
  console.error(`Worker ${number} ended by itself (${signal ?? `exit code ${code}`}).`);
  // One that could not even start would fail again: better to say so than to try for ever.
  if (listening.delete(worker)) startWorker(number);
  else stop(1);
});

function startWorker(number: number): void {
  const env = { APP_WORKER: String(number), APP_COOKIE_SECRET: cookieSecret };
  numbers.set(cluster.fork(env), number);
}

function announce(url: string): void {
  console.log(`Ready: ${url} (${settings.workers} workers, sessions: ${settings.sessionCache})`);
  process.send?.({ ready: url });
}

function stop(exitCode = 0): void {
  if (stopping) return;
  stopping = true;
  process.exitCode = exitCode;
  for (const worker of numbers.keys()) worker.process.kill('SIGTERM');
  setTimeout(() => {
    for (const worker of numbers.keys()) worker.process.kill('SIGKILL');
  }, STOP_SECONDS * 1000).unref();
}
