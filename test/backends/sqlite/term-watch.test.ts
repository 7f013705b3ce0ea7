import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProcessLock } from '../../../src/backends/sqlite/judge-term.ts';
import { openDatabaseIn } from '../../../src/backends/sqlite/open-database.ts';
import { machine } from '../../../src/backends/sqlite/surroundings.ts';
import { DatabaseLeaseStore } from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const EXT4 = 0xef53;
const UNHEARD_OF = 0x1234;

let folder: TemporaryFolder;
let clock: ManualClock;
let opened: AsyncDisposable[];

beforeEach(() => {
  folder = new TemporaryFolder();
  clock = new ManualClock();
  opened = [];
});

afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** An instance whose look at the lock of another gives what `lock` says. */
async function instance({ bootId = 'boot', filesystem = EXT4, lock = 'busy' as ProcessLock } = {}) {
  const seen = { lock, look: (): ProcessLock => seen.lock };
  const database = await openDatabaseIn(
    {
      ...machine,
      bootId: () => bootId,
      filesystemType: () => filesystem,
      processLocks: () => ({ hold() {}, look: () => seen.look(), release() {} }),
    },
    folder.file('a.db'),
    { clock },
  );
  opened.push(database);
  return { database, seen, leases: new DatabaseLeaseStore(database) };
}

/** As if the row had been written by a process of another container. */
function asOfAnotherProcess(): void {
  withConnection(folder.file('a.db'), (connection) => {
    connection.exec("update onehost_leases set process_id = process_id + 1, host = 'elsewhere'");
  });
}

test('the lock of an instance is held before anybody can read that it is the holder', async () => {
  const holders: unknown[] = [];
  const hold = () =>
    withConnection(folder.file('a.db'), (connection) => {
      holders.push(connection.prepare('select holder from onehost_leases').pluck().get());
    });
  const processLocks = () => ({ hold, look: (): ProcessLock => 'busy', release() {} });
  const database = await openDatabaseIn({ ...machine, processLocks }, folder.file('a.db'), {
    clock,
  });
  opened.push(database);
  await new DatabaseLeaseStore(database).acquire('lease');
  expect(holders).toEqual([undefined]);
});

describe('how far a free lock is believed', () => {
  test('a lock of another process that was seen busy and is free now: its holder has died', async () => {
    const [us, them] = [await instance(), await instance()];
    await them.leases.acquire('lease');
    asOfAnotherProcess();
    expect(us.leases.lockTrust).toBe('suspect');
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(us.leases.lockTrust).toBe('kernel');
    expect(them.leases.lockTrust).toBe('kernel');
    us.seen.lock = 'free';
    expect(us.leases.tryAcquire('lease')?.reason).toBe('holder-died');
  });

  test('that it was seen is remembered by the file, for the boot of the machine', async () => {
    const [us, them] = [await instance(), await instance()];
    await them.leases.acquire('lease');
    asOfAnotherProcess();
    us.leases.tryAcquire('lease');
    expect((await instance()).leases.lockTrust).toBe('kernel');
    expect((await instance({ bootId: 'the next' })).leases.lockTrust).toBe('suspect');
  });

  test('a busy lock inside one process proves nothing', async () => {
    const [us, them] = [await instance(), await instance()];
    await them.leases.acquire('lease');
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(us.leases.lockTrust).toBe('suspect');
  });

  test('nor does one of a holder of another boot', async () => {
    const [us, them] = [await instance(), await instance({ bootId: 'another' })];
    await them.leases.acquire('lease');
    asOfAnotherProcess();
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(us.leases.lockTrust).toBe('suspect');
  });

  test('without proof, it also takes a missed renewal', async () => {
    const [us, them] = [await instance({ lock: 'free' }), await instance()];
    await them.leases.acquire('lease', { durationSeconds: 10 });
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(4.9);
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(0.1);
    expect(us.leases.tryAcquire('lease')?.reason).toBe('holder-died');
  });

  test('on a filesystem that nobody has looked into, the same', async () => {
    const [us, them] = [await instance({ filesystem: UNHEARD_OF }), await instance()];
    await them.leases.acquire('lease', { durationSeconds: 10 });
    asOfAnotherProcess();
    us.leases.tryAcquire('lease');
    expect(us.leases.lockTrust).toBe('suspect');
    us.seen.lock = 'free';
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(5);
    expect(us.leases.tryAcquire('lease')?.reason).toBe('holder-died');
  });

  test('who asks for caution gets it, although the lock is proved', async () => {
    const [us, them] = [await instance(), await instance()];
    await them.leases.acquire('lease', { durationSeconds: 10 });
    asOfAnotherProcess();
    us.leases.tryAcquire('lease');
    us.seen.lock = 'free';
    expect(us.leases.lockTrust).toBe('kernel');
    expect(us.leases.tryAcquire('lease', { takeover: 'cautious' })).toBe(null);
    clock.stall(5);
    expect(us.leases.tryAcquire('lease', { takeover: 'cautious' })?.reason).toBe('holder-died');
  });

  test('a lock file that is not there says nothing', async () => {
    const [us, them] = [await instance({ lock: 'unknown' }), await instance()];
    await them.leases.acquire('lease', { durationSeconds: 10 });
    clock.stall(9.9);
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(0.1);
    expect(us.leases.tryAcquire('lease')?.reason).toBe('expired');
  });
});

describe('a lock that is found free while its holder lives', () => {
  function warnings() {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const told: unknown[] = [];
    const listener = (event: unknown) => told.push(event);
    channel('onehost:locks-broken').subscribe(listener);
    onTestFinished(() => {
      emitted.mockRestore();
      channel('onehost:locks-broken').unsubscribe(listener);
    });
    return { emitted, told };
  }

  test('whose counter moves all the same: nobody takes over before its time, and it is said', async () => {
    const { emitted, told } = warnings();
    const [us, them] = [await instance({ lock: 'free' }), await instance()];
    const lease = await them.leases.acquire('lease', { durationSeconds: 10 });
    expect(us.leases.tryAcquire('lease')).toBe(null);
    lease.renew();
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(us.leases.lockTrust).toBe('ttl');
    expect(them.leases.lockTrust).toBe('ttl');
    expect((await instance({ bootId: 'the next' })).leases.lockTrust).toBe('suspect');
    expect(told).toEqual([{ file: us.database.file }]);
    expect(emitted).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('was found free'), {
      code: 'ONEHOST_LOCKS_BROKEN',
    });
    clock.stall(9.9);
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(0.2);
    expect(us.leases.tryAcquire('lease')?.reason).toBe('expired');
  });

  test('and that is renewed just when its lock is found free is not taken over', async () => {
    const [us, them] = [await instance(), await instance()];
    const lease = await them.leases.acquire('lease');
    asOfAnotherProcess();
    us.leases.tryAcquire('lease');
    expect(us.leases.lockTrust).toBe('kernel');
    us.seen.look = () => {
      lease.renew();
      return 'free';
    };
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(lease.isHeld()).toBe(true);
    lease.transaction(() => {});
  });

  test('but not by one that has renewed for a last time just before its end', async () => {
    const { emitted } = warnings();
    const [us, them] = [await instance(), await instance()];
    const lease = await them.leases.acquire('lease', { durationSeconds: 10 });
    us.seen.look = () => {
      // Between the reading of the row and the look at the lock.
      lease.renew();
      us.seen.look = () => 'free';
      return 'free';
    };
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(us.leases.tryAcquire('lease')).toBe(null);
    expect(us.leases.lockTrust).toBe('suspect');
    expect(emitted).not.toHaveBeenCalled();
  });

  test('who was taken for dead and lives says so, once, and writes nothing', async () => {
    const { emitted, told } = warnings();
    const [us, them] = [await instance(), await instance()];
    const lease = await them.leases.acquire('lease');
    asOfAnotherProcess();
    us.leases.tryAcquire('lease');
    us.seen.lock = 'free';
    expect(us.leases.tryAcquire('lease')?.reason).toBe('holder-died');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => lease.transaction(() => {})).toThrow(
        expect.objectContaining({ code: 'ONEHOST_LEASE_LOST' }),
      );
    }
    expect(emitted).toHaveBeenCalledOnce();
    expect(told).toHaveLength(1);
    expect(us.leases.lockTrust).toBe('ttl');
  });

  test('a term after that of the dead one tells nothing about the lock of an earlier one', async () => {
    const { emitted } = warnings();
    const [us, them, third] = [await instance(), await instance(), await instance()];
    const lease = await them.leases.acquire('lease', { durationSeconds: 10 });
    asOfAnotherProcess();
    us.leases.tryAcquire('lease');
    // Stopped for long: the second has it by time, and dies; the third has it for that.
    clock.stall(11);
    expect(us.leases.tryAcquire('lease')?.reason).toBe('expired');
    third.seen.lock = 'free';
    expect(third.leases.tryAcquire('lease')?.reason).toBe('holder-died');
    expect(() => lease.renew()).toThrow(expect.objectContaining({ code: 'ONEHOST_LEASE_LOST' }));
    expect(emitted).not.toHaveBeenCalled();
  });
});

describe('the clock of another boot, or of another time namespace', () => {
  test('is not compared: the counter must stand still for the duration', async () => {
    const [us, them] = [await instance(), await instance({ bootId: 'another' })];
    const lease = await them.leases.acquire('lease', { durationSeconds: 10 });
    clock.stall(8);
    expect(us.leases.tryAcquire('lease')).toBe(null);
    lease.renew();
    clock.stall(3);
    // More than the duration since the term began, less since the counter was first seen to stand there.
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(9.9);
    expect(us.leases.tryAcquire('lease')).toBe(null);
    clock.stall(0.1);
    expect(us.leases.tryAcquire('lease')?.reason).toBe('expired');
  });
});
