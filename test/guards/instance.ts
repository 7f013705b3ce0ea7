// One instance of an app that claims to be the only one, as an app does it. It ends when its parent tells it to leave.
import type { ClaimSingleInstanceOptions } from '../../src/guards/claim-options.ts';
import { claimSingleInstance } from '../../src/guards/claim-single-instance.ts';
import { DatabaseLeaseStore, openDatabase, systemClock, type TermReason } from '../../src/index.ts';

export interface InstanceOrder {
  readonly file: string;
  readonly options?: ClaimSingleInstanceOptions;
}

/** That it runs; `at` is on the monotonic clock that the processes share. */
export interface InstanceStarted {
  readonly reason: TermReason;
  readonly at: number;
}

const [order] = process.argv.slice(2).map((text): InstanceOrder => JSON.parse(text));
if (order === undefined) throw new Error('Started by two-instances.test.ts.');
process.on('disconnect', () => process.exit());

const database = await openDatabase(order.file);
try {
  const leases = new DatabaseLeaseStore(database, { appVersion: '2.1' });
  const lease = await claimSingleInstance(leases, order.options);
  const { reason } = lease;
  process.send?.({ reason, at: systemClock.monotonic() } satisfies InstanceStarted);
  await new Promise((resolve) => process.once('message', resolve));
  await lease.release();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  database.close();
  process.disconnect?.();
}
