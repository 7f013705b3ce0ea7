import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DatabaseLeaseStore, openDatabase } from '../../../src/index.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

test('a process that held several leases is replaced in each at once, by whoever it is', async () => {
  using folder = new TemporaryFolder();
  const file = folder.file('a.db');
  const program = fileURLToPath(new URL('./hold-two-leases.ts', import.meta.url));
  const holder = fork(program, [file], { execArgv: ['--import', 'tsx'] });
  try {
    await once(holder, 'message');
    await using one = await openDatabase(file);
    await using other = await openDatabase(file);
    const [first, second] = [new DatabaseLeaseStore(one), new DatabaseLeaseStore(other)];
    const waits = [first.acquire('first'), second.acquire('second')];
    expect(first.lockTrust).toBe('kernel');
    const exited = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exited;
    const began = performance.now();
    const leases = await Promise.all(waits);
    expect(leases.map(({ reason }) => reason)).toEqual(['holder-died', 'holder-died']);
    // Of a duration of ten minutes.
    expect(performance.now() - began).toBeLessThan(30_000);
  } finally {
    holder.kill('SIGKILL');
  }
});
