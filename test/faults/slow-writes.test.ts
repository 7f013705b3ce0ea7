import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseLeaseStore, type OnehostDatabase, openDatabase } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** How long each write of a term takes, as on a disk that is slow. */
const WRITE_SECONDS = 3;

let folder: TemporaryFolder;
let clock: ManualClock;
let database: OnehostDatabase;

beforeEach(async () => {
  folder = new TemporaryFolder();
  clock = new ManualClock();
  database = await openDatabase(folder.file('a.db'), { clock });
  database.connection.function('pass_time', () => {
    clock.stall(WRITE_SECONDS);
    return null;
  });
});

afterEach(() => {
  database.close();
  folder[Symbol.dispose]();
});

/** From now on; of this connection alone. */
function slowDown(write: 'insert' | 'update'): void {
  database.connection.exec(
    `create temp trigger slow_${write} before ${write} on onehost_leases begin select pass_time(); end`,
  );
}

describe('a holder whose writes take long', () => {
  test('trusts a term that it acquired from the beginning of the attempt', async () => {
    slowDown('insert');
    const lease = await new DatabaseLeaseStore(database).acquire('lease', { durationSeconds: 10 });
    clock.stall(9 - WRITE_SECONDS - 0.001);
    expect(lease.isHeld()).toBe(true);
    clock.stall(0.001);
    expect(lease.isHeld()).toBe(false);
  });

  test('trusts a term that it renewed from the beginning of the attempt', async () => {
    const lease = await new DatabaseLeaseStore(database).acquire('lease', { durationSeconds: 10 });
    clock.stall(2);
    slowDown('update');
    lease.renew();
    clock.stall(9 - WRITE_SECONDS - 0.001);
    expect(lease.isHeld()).toBe(true);
    clock.stall(0.001);
    expect(lease.isHeld()).toBe(false);
  });

  test('is not followed while it trusts itself, by whoever looks at the file', async () => {
    await using other = await openDatabase(database.file, { clock });
    const [ours, theirs] = [new DatabaseLeaseStore(database), new DatabaseLeaseStore(other)];
    slowDown('insert');
    const lease = await ours.acquire('lease', { durationSeconds: 10 });
    slowDown('update');
    clock.stall(2);
    lease.renew();
    while (lease.isHeld()) {
      expect(theirs.tryAcquire('lease')).toBe(null);
      clock.stall(0.1);
    }
    expect(theirs.tryAcquire('lease')).toBe(null);
    clock.stall(1);
    expect(theirs.tryAcquire('lease')?.reason).toBe('expired');
  });
});
