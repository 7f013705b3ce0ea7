import { setImmediate as nextTurn } from 'node:timers/promises';
import SqliteConnection from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProcessLock } from '../../src/backends/sqlite/judge-term.ts';
import { openDatabaseIn } from '../../src/backends/sqlite/open-database.ts';
import { machine } from '../../src/backends/sqlite/surroundings.ts';
import type { ClaimSingleInstanceOptions } from '../../src/guards/claim-options.ts';
import { claimSingleInstance } from '../../src/guards/claim-single-instance.ts';
import {
  DatabaseBusyError,
  DatabaseLeaseStore,
  type InstanceAlreadyRunningError,
  type Lease,
  LeaseStoreUnavailableError,
  openDatabase,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { withConnection } from '../support/sqlite-file.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** A manual clock that knows how many timers are waiting on it. */
class CountingClock extends ManualClock {
  waiting = 0;

  override after(milliseconds: number, callback: () => void) {
    this.waiting++;
    let isOver = false;
    const end = () => {
      if (!isOver) this.waiting--;
      isOver = true;
    };
    const cancel = super.after(milliseconds, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  }
}

let folder: TemporaryFolder;
let clock: CountingClock;
let opened: AsyncDisposable[];
let reported: string[];

beforeEach(() => {
  folder = new TemporaryFolder();
  clock = new CountingClock();
  opened = [];
  reported = [];
});

afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function instance(appVersion?: string): Promise<DatabaseLeaseStore> {
  const database = await openDatabase(folder.file('a.db'), { clock });
  opened.push(database);
  return new DatabaseLeaseStore(database, { appVersion });
}

/** An instance on a boot of its own choice, with a clock of its own, to which the locks of others look as it is told. */
async function instanceOn(bootId: string, lock: ProcessLock, itsClock = clock) {
  const surroundings = {
    ...machine,
    bootId: () => bootId,
    processLocks: () => ({ hold() {}, look: () => lock, forget() {}, release() {} }),
  };
  const database = await openDatabaseIn(surroundings, folder.file('a.db'), { clock: itsClock });
  opened.push(database);
  return new DatabaseLeaseStore(database);
}

function claim(
  leases: DatabaseLeaseStore,
  options: ClaimSingleInstanceOptions = {},
): Promise<Lease> {
  return claimSingleInstance(leases, { report: (message) => reported.push(message), ...options });
}

/** Lets time pass in small steps, and everything that waits for it go on in between. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < Math.round(seconds * 20); step++) {
    clock.advance(0.05);
    await nextTurn();
  }
}

/** What a promise has come to by now. */
async function stateOf(claiming: Promise<unknown>): Promise<unknown> {
  await nextTurn();
  return Promise.race([claiming, Promise.resolve('waiting')]);
}

async function refusal(claiming: Promise<unknown>): Promise<InstanceAlreadyRunningError> {
  const error = await claiming.then(
    () => expect.unreachable('claimed'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'ONEHOST_INSTANCE_ALREADY_RUNNING' });
  return error as InstanceAlreadyRunningError;
}

const refused = (code: string) => expect.objectContaining({ code });

describe('claimSingleInstance', () => {
  test('lets the first instance run, and says nothing', async () => {
    const lease = await claim(await instance());
    await pass(30);
    expect(lease.isHeld()).toBe(true);
    expect(lease.name).toBe('single-instance');
    expect(reported).toEqual([]);
  });

  test('refuses the second after waitSeconds, and not before', async () => {
    const [ours, theirs] = [await instance('2.0'), await instance('2.1')];
    const lease = await claim(ours);
    await pass(5);
    const claiming = claim(theirs);
    claiming.catch(() => {});
    await pass(9.9);
    expect(await stateOf(claiming)).toBe('waiting');
    await pass(0.2);
    const error = await refusal(claiming);
    expect(error.running).toMatchObject({
      holder: ours.instance,
      fencingToken: lease.fencingToken,
      evidence: 'renewed',
    });
    expect(error.message).toContain(`process ${process.pid} on ${ours.instance.host}`);
    expect(error.message).toContain('app version 2.0');
    expect(error.message).toContain('within 10 s (waitSeconds)');
    expect(lease.isHeld()).toBe(true);
  });

  test('lets the second run once the first has left', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const claiming = claim(theirs);
    await pass(7);
    await lease.release();
    await pass(0.2);
    expect(await stateOf(claiming)).toMatchObject({ reason: 'released' });
  });

  test('with waitSeconds 0 it looks once', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours, { waitSeconds: 0 });
    const error = await refusal(claim(theirs, { waitSeconds: 0 }));
    expect(error.running?.holder).toEqual(ours.instance);
    expect(error.message).toContain('without a wait');
    expect(reported).toEqual([]);
    await lease.release();
    expect((await claim(theirs, { waitSeconds: 0 })).isHeld()).toBe(true);
  });

  test('tells instances of other names nothing', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    await claim(ours, { name: 'a', waitSeconds: 0 });
    await claim(theirs, { name: 'b', waitSeconds: 0 });
    const error = await refusal(claim(ours, { name: 'b', waitSeconds: 0 }));
    expect(error.running).toMatchObject({ name: 'b', holder: theirs.instance });
  });

  test('aborts its signal when the claim is lost', async () => {
    const lease = await claim(await instance());
    clock.stall(5.3);
    expect(lease.isHeld()).toBe(true);
    clock.stall(0.1);
    clock.advance(0);
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
  });

  test('lasts for durationSeconds, and is trusted until marginSeconds before', async () => {
    const leases = await instance();
    const lease = await claim(leases, { durationSeconds: 4, marginSeconds: 3 });
    expect(leases.list()[0]?.durationSeconds).toBe(4);
    clock.stall(1);
    expect(lease.isHeld()).toBe(false);
  });

  test('tells the instance that claims twice of its mistake', async () => {
    const leases = await instance();
    await claim(leases);
    const { message } = await refusal(claim(leases, { waitSeconds: 0 }));
    expect(message).toContain('call claimSingleInstance once in a process');
  });

  test.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /found undefined/],
    ['its options', { name: 'my-app' }, /found an object/],
    ['a promise', Promise.resolve(), /found a promise \(await it\)/],
  ])('is refused with %s in place of a lease store', async (_, leases, found) => {
    const error = await claim(leases as never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ONEHOST_INVALID_OPTION' });
    expect(String(error)).toMatch(found);
    expect(String(error)).toContain('claimSingleInstance(new DatabaseLeaseStore(database))');
  });

  test('throws what the lease store throws', async () => {
    const leases = await instance();
    leases.close();
    await expect(claim(leases)).rejects.toThrow(refused('ONEHOST_LEASE_STORE_CLOSED'));
    await expect(claim(leases, { waitSeconds: 0 })).rejects.toThrow(
      refused('ONEHOST_LEASE_STORE_CLOSED'),
    );
  });
});

describe('while it waits', () => {
  test('it names the holder at once, and every 3 s', async () => {
    const [ours, theirs] = [await instance('2.0'), await instance()];
    const lease = await claim(ours);
    const claiming = claim(theirs);
    await nextTurn();
    await nextTurn();
    expect(reported).toHaveLength(1);
    expect(reported[0]).toContain('Waiting for another instance of the app to leave');
    expect(reported[0]).toContain('("single-instance", 0 of 10 s)');
    expect(reported[0]).toContain(`process ${process.pid} on ${ours.instance.host}`);
    expect(reported[0]).toContain('app version 2.0');
    await pass(2.9);
    expect(reported).toHaveLength(1);
    await pass(0.2);
    expect(reported).toHaveLength(2);
    expect(reported[1]).toContain('3 of 10 s');
    await pass(3);
    expect(reported).toHaveLength(3);
    await lease.release();
    await pass(0.2);
    await claiming;
    await pass(10);
    expect(reported).toHaveLength(3);
  });

  test('it says so by console.warn, unless it is told otherwise', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const [ours, theirs] = [await instance(), await instance()];
    await claim(ours);
    const controller = new AbortController();
    const claiming = claimSingleInstance(theirs, { signal: controller.signal });
    await pass(0.1);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('Waiting for another'));
    controller.abort(new Error('enough'));
    await expect(claiming).rejects.toThrow('enough');
  });

  test.each([
    ['the server is away', () => new LeaseStoreUnavailableError('away')],
    ['the file is locked', () => new DatabaseBusyError('locked')],
  ])('a report that cannot be made since %s does not end the wait', async (_, failure) => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const list = vi.spyOn(theirs, 'list').mockImplementation(() => {
      throw failure();
    });
    const claiming = claim(theirs);
    await pass(3.1);
    expect(list.mock.calls.length).toBeGreaterThan(1);
    expect(reported).toEqual([]);
    list.mockRestore();
    await pass(3);
    expect(reported).toHaveLength(1);
    await lease.release();
    await pass(0.2);
    expect((await claiming).isHeld()).toBe(true);
  });

  test('a report that throws ends the wait, and the claim is not kept', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const failure = new Error('the log is full');
    const claiming = claim(theirs, {
      report() {
        throw failure;
      },
    });
    await expect(claiming).rejects.toBe(failure);
    await lease.release();
    await pass(1);
    expect((await claim(ours, { waitSeconds: 0 })).reason).toBe('released');
  });

  test('a holder that leaves while it is looked up is not named', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const listed = theirs.list();
    vi.spyOn(theirs, 'list').mockImplementation((async () => {
      await lease.release();
      await pass(0.2);
      return listed;
    }) as never);
    expect((await claim(theirs)).isHeld()).toBe(true);
    expect(reported).toEqual([]);
  });

  test('a claim that was had while the look at the holder failed is released', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const failure = new Error('the server is gone');
    vi.spyOn(theirs, 'list').mockImplementation((async () => {
      await lease.release();
      await pass(0.2);
      expect(ours.list()[0]?.holder).toEqual(theirs.instance);
      throw failure;
    }) as never);
    await expect(claim(theirs)).rejects.toBe(failure);
    expect(ours.list()).toMatchObject([{ holder: null }]);
  });

  test('does not take a file that is being written for another instance', async () => {
    const ours = await instance();
    const writer = new SqliteConnection(folder.file('a.db'));
    writer.exec('begin immediate');
    const claiming = claim(ours, { durationSeconds: 1, waitSeconds: 2 });
    const refused = expect(claiming).rejects.toMatchObject({ code: 'ONEHOST_LEASE_TIMEOUT' });
    await pass(2.2);
    await refused;
    writer.close();
  });

  test('its signal ends it with the reason of the signal, and leaves no timer', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const timersBefore = clock.waiting;
    const controller = new AbortController();
    const claiming = claim(theirs, { signal: controller.signal });
    await pass(1);
    expect(clock.waiting).toBeGreaterThan(timersBefore);
    const reason = new Error('no longer wanted');
    controller.abort(reason);
    await expect(claiming).rejects.toBe(reason);
    expect(clock.waiting).toBe(timersBefore);
    await lease.release();
    await pass(1);
    expect((await claim(ours, { waitSeconds: 0 })).isHeld()).toBe(true);
  });

  test('no timer but those of the lease is left when it was had, or refused', async () => {
    const [ours, theirs] = [await instance(), await instance()];
    const lease = await claim(ours);
    const timersOfALease = clock.waiting;
    const claiming = claim(theirs);
    claiming.catch(() => {});
    await pass(11);
    await refusal(claiming);
    expect(clock.waiting).toBe(timersOfALease);
    const again = claim(theirs);
    await pass(1);
    await lease.release();
    await pass(0.2);
    await again;
    expect(clock.waiting).toBe(timersOfALease);
  });

  test('a signal that has aborted before ends it before it begins', async () => {
    const leases = await instance();
    const reason = new Error('no longer wanted');
    for (const waitSeconds of [0, 10]) {
      const claiming = claim(leases, { waitSeconds, signal: AbortSignal.abort(reason) });
      await expect(claiming).rejects.toBe(reason);
    }
    expect(leases.list()).toEqual([]);
  });

  test.each([0, 10])(
    'a claim that is made as the signal aborts is released (waitSeconds %i)',
    async (waitSeconds) => {
      const leases = await instance();
      const controller = new AbortController();
      const claiming = claim(leases, { waitSeconds, signal: controller.signal });
      const reason = new Error('no longer wanted');
      controller.abort(reason);
      await expect(claiming).rejects.toBe(reason);
      expect(leases.list()).toMatchObject([{ holder: null }]);
    },
  );

  test('a signal that aborts later does not touch the claim', async () => {
    const controller = new AbortController();
    const lease = await claim(await instance(), { signal: controller.signal });
    controller.abort();
    await pass(1);
    expect(lease.isHeld()).toBe(true);
  });
});

describe('the takeover is cautious', () => {
  test.each([0, 10])(
    'a free lock alone is not believed, and with a missed heartbeat it is (waitSeconds %i)',
    async (waitSeconds) => {
      const stopped = new CountingClock();
      const ours = await instanceOn('boot', 'busy', stopped);
      const theirs = await instanceOn('boot', 'free');
      await claim(ours);
      withConnection(folder.file('a.db'), (connection) =>
        connection.exec("update onehost_file set locks_proved_boot_id = 'boot'"),
      );
      expect(theirs.lockTrust).toBe('kernel');
      clock.advance(2.9);
      const claiming = claim(theirs, { waitSeconds });
      claiming.catch(() => {});
      if (waitSeconds === 0) {
        const error = await refusal(claiming);
        expect(error.running?.evidence).toBe('process-gone');
        expect(error.message).toContain('Its process has ended');
        clock.advance(0.2);
        expect(await claim(theirs, { waitSeconds })).toMatchObject({ reason: 'holder-died' });
      } else {
        expect(await stateOf(claiming)).toBe('waiting');
        await pass(0.2);
        expect(await stateOf(claiming)).toMatchObject({ reason: 'holder-died' });
      }
    },
  );

  test('after a power cut it starts within waitSeconds, by the defaults', async () => {
    const before = new CountingClock();
    await claim(await instanceOn('boot 1', 'unknown', before));
    clock.setWallClockBy(3600);
    const claiming = claim(await instanceOn('boot 2', 'unknown'));
    await pass(5.9);
    expect(await stateOf(claiming)).toBe('waiting');
    await pass(0.2);
    expect(await stateOf(claiming)).toMatchObject({ reason: 'expired' });
  });

  test('after a power cut waitSeconds 0 cannot tell, and says which wait can', async () => {
    await claim(await instanceOn('boot 1', 'unknown', new CountingClock()));
    clock.setWallClockBy(3600);
    const next = await instanceOn('boot 2', 'unknown');
    const { message } = await refusal(claim(next, { waitSeconds: 0 }));
    expect(message).toContain('It may have ended with the machine');
    expect(message).toContain('with waitSeconds of more than 6.');
  });

  test('one that hangs is replaced after its duration', async () => {
    await claim(await instanceOn('boot', 'busy', new CountingClock()));
    const claiming = claim(await instanceOn('boot', 'busy'));
    await pass(6.1);
    expect(await stateOf(claiming)).toMatchObject({ reason: 'expired' });
  });
});

describe('its options', () => {
  test.each([
    ['a wait that is as long as the claim lasts', { waitSeconds: 6 }, 'INVALID_DURATION'],
    ['a claim that lasts longer', { waitSeconds: 20, durationSeconds: 30 }, 'INVALID_DURATION'],
    ['a wait of less than nothing', { waitSeconds: -1 }, 'INVALID_DURATION'],
    ['a wait of no number', { waitSeconds: Number.NaN }, 'INVALID_DURATION'],
    ['a wait of null', { waitSeconds: null }, 'INVALID_DURATION'],
    ['a wait without end', { waitSeconds: Number.POSITIVE_INFINITY }, 'INVALID_DURATION'],
    ['a duration of 0', { durationSeconds: 0, waitSeconds: 0 }, 'INVALID_DURATION'],
    ['a margin beyond the duration', { marginSeconds: 6 }, 'INVALID_DURATION'],
    ['an empty name', { name: '' }, 'INVALID_NAME'],
    ['a report that is no function', { report: 'stderr' }, 'INVALID_OPTION'],
    ['an unknown option', { waitseconds: 5 }, 'INVALID_OPTION'],
    ['a takeover of another kind', { takeover: 'prompt' }, 'INVALID_OPTION'],
    ['no object', null, 'INVALID_OPTION'],
  ])('refuse %s', async (_, options, code) => {
    const leases = await instance();
    const claiming = claimSingleInstance(leases, options as never);
    await expect(claiming).rejects.toThrow(refused(`ONEHOST_${code}`));
    expect(leases.list()).toEqual([]);
  });

  test('say why a short wait is refused', async () => {
    await expect(claim(await instance(), { waitSeconds: 5 })).rejects.toThrow(
      /waitSeconds must be 0, or more than durationSeconds \(6\), but found 5: after a power cut/,
    );
  });

  test('are checked by their own names, and before the signal', async () => {
    const [leases, signal] = [await instance(), AbortSignal.abort()];
    await expect(claim(leases, { waitSeconds: Number.NaN, signal })).rejects.toThrow(
      /^waitSeconds must be/,
    );
    await expect(claim(leases, { name: '', signal })).rejects.toThrow(
      refused('ONEHOST_INVALID_NAME'),
    );
  });

  test('allow any duration when there is no wait', async () => {
    const lease = await claim(await instance(), { waitSeconds: 0, durationSeconds: 60 });
    expect(lease.isHeld()).toBe(true);
  });
});
