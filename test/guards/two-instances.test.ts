import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClaimSingleInstanceOptions } from '../../src/guards/claim-options.ts';
import { withConnection } from '../support/sqlite-file.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import type { InstanceOrder, InstanceStarted } from './instance.ts';

const program = fileURLToPath(new URL('./instance.ts', import.meta.url));

let folder: TemporaryFolder;
let children: ChildProcess[];

beforeEach(() => {
  folder = new TemporaryFolder();
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  folder[Symbol.dispose]();
});

/** One more process of the app, and what becomes of it. */
function start(options?: ClaimSingleInstanceOptions) {
  const order: InstanceOrder = { file: folder.file('a.db'), ...(options && { options }) };
  const child = fork(program, [JSON.stringify(order)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  children.push(child);
  const errors = child.stderr === null ? Promise.resolve('') : text(child.stderr);
  const ended = once(child, 'exit').then(async ([code]) => ({ code, errors: await errors }));
  const started = Promise.race([
    once(child, 'message').then(([message]) => message as InstanceStarted),
    ended.then((end) => Promise.reject(new Error(`It ended with ${end.code}: ${end.errors}`))),
  ]);
  // Who is to be refused is not waited for to start.
  started.catch(() => {});
  return { child, started, ended };
}

function lastHeartbeat(): number {
  return withConnection(folder.file('a.db'), (connection) =>
    connection.prepare<[], number>('select renewed_monotonic from onehost_leases').pluck().get(),
  ) as number;
}

test('the second process is refused, and runs once the first has left', async () => {
  const first = start({ durationSeconds: 60, waitSeconds: 90 });
  expect(await first.started).toMatchObject({ reason: 'first' });

  const { code, errors } = await start({ durationSeconds: 60, waitSeconds: 0 }).ended;
  expect(code).toBe(1);
  expect(errors).toContain(`process ${first.child.pid} on ${hostname()} (app version 2.1)`);
  expect(errors).toContain(`kill ${first.child.pid} on this host`);

  const third = start({ durationSeconds: 60, waitSeconds: 90 });
  // It says whom it waits for, so it does wait.
  const [warning] = await once(third.child.stderr ?? third.child, 'data');
  expect(String(warning)).toContain(`Waiting for another instance of the app to leave`);
  expect(String(warning)).toContain(`process ${first.child.pid} on ${hostname()}`);
  first.child.send('leave');
  expect(await first.ended).toMatchObject({ code: 0 });
  expect(await third.started).toMatchObject({ reason: 'released' });
  third.child.send('leave');
  expect(await third.ended).toMatchObject({ code: 0 });
});

test('after kill -9 of the first another runs, once a heartbeat was missed and before the claim is over', async () => {
  const durationSeconds = 20;
  const first = start({ durationSeconds, waitSeconds: 60 });
  await first.started;
  const next = start({ durationSeconds, waitSeconds: 60 });
  // It has seen the lock being held: who is not cautious would believe its being free at once.
  await once(next.child.stderr ?? next.child, 'data');
  // Stopped first: what is read now is its last one, however long the reading takes.
  first.child.kill('SIGSTOP');
  const heartbeat = lastHeartbeat();
  first.child.kill('SIGKILL');
  await first.ended;

  const { reason, at } = await next.started;
  expect(reason).toBe('holder-died');
  expect(at - heartbeat).toBeGreaterThanOrEqual((durationSeconds * 1000) / 2);
  expect(at - heartbeat).toBeLessThan(durationSeconds * 1000);
});
