import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import SqliteConnection, { type Database } from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChangeWatch } from '../../../src/backends/sqlite/change-watch.ts';
import { chooseChangeWatch } from '../../../src/backends/sqlite/choose-change-watch.ts';
import { DataVersionWatch } from '../../../src/backends/sqlite/data-version-watch.ts';
import { machine, type Surroundings } from '../../../src/backends/sqlite/surroundings.ts';
import {
  CHANGE_COUNTER,
  LAST_FRAME,
  SALT_1,
  SALT_2,
} from '../../../src/backends/sqlite/wal-index-header.ts';
import { WalIndexMapping } from '../../../src/backends/sqlite/wal-index-mapping.ts';
import { WalIndexWatch } from '../../../src/backends/sqlite/wal-index-watch.ts';
import { changeWatches, withoutWalIndexWatch } from '../../support/change-watches.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

/** A file in WAL mode, with a connection that is watched on and another one. */
function openTwo() {
  const folder = new TemporaryFolder();
  const file = folder.file('a.db');
  const connect = () => {
    const connection = new SqliteConnection(file);
    connection.pragma('journal_mode = wal');
    return connection;
  };
  const own = connect();
  own.exec('create table t (x)');
  const other = connect();
  onTestFinished(() => {
    own.close();
    other.close();
    folder[Symbol.dispose]();
  });
  return { file, own, other };
}

const lockWaitSeconds = 5;

/** Each kind of watch, and the one that is left where there is nothing but the pragma. */
const variants = [...changeWatches, 'pragma alone'] as const;

function watchOn(own: Database, file: string, variant: (typeof variants)[number]) {
  const changeWatch = variant === 'pragma alone' ? 'data-version' : variant;
  const there = variant === 'pragma alone' ? { ...machine, processDescriptors: () => [] } : machine;
  return chooseChangeWatch(
    own,
    new DataVersionWatch(own),
    { file, changeWatch, lockWaitSeconds },
    there,
  );
}

const commit = (connection: Database) => connection.exec('insert into t values (1)');

/** Whether there were changes; what there was is dealt with. */
function look(watch: ChangeWatch): boolean {
  const hasChanged = watch.hasChanged();
  if (hasChanged) watch.acknowledge();
  return hasChanged;
}

/** Starts a process that waits for its sign. */
async function startProcess(file: string, what: 'commit' | 'spoil') {
  const program = fileURLToPath(new URL('./commit-once.ts', import.meta.url));
  const child = fork(program, [file, what], { execArgv: ['--import', 'tsx'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child, 'message');
  return child;
}

describe.each(variants)('the change watch %s', (variant) => {
  async function watchOwn() {
    const { file, own, other } = openTwo();
    const watch = await watchOn(own, file, variant);
    expect(watch.kind).toBe(variant === 'wal-index' ? 'wal-index' : 'data-version');
    return { file, own, other, watch };
  }

  test('sees each commit of another connection, and each once', async () => {
    const { other, watch } = await watchOwn();
    expect(look(watch)).toBe(false);
    // More than one run of the log, which begins anew after 1,000 frames.
    for (let count = 0; count < 1500; count++) {
      commit(other);
      expect(look(watch)).toBe(true);
      expect(look(watch)).toBe(false);
    }
  });

  test('sees a commit until it is acknowledged', async () => {
    const { other, watch } = await watchOwn();
    commit(other);
    expect([watch.hasChanged(), watch.hasChanged()]).toEqual([true, true]);
    watch.acknowledge();
    expect(watch.hasChanged()).toBe(false);
  });

  test('does not take own commits for those of others, nor hide one behind the other', async () => {
    const { own, other, watch } = await watchOwn();
    commit(own);
    expect(look(watch)).toBe(false);
    commit(own);
    commit(other);
    expect(look(watch)).toBe(true);
    commit(other);
    commit(own);
    expect(look(watch)).toBe(true);
    expect(look(watch)).toBe(false);
  });

  test('does not see what was undone', async () => {
    const { other, watch } = await watchOwn();
    other.exec('begin immediate; insert into t values (1); rollback');
    expect(look(watch)).toBe(false);
  });

  test.each(['passive', 'full', 'restart', 'truncate'])(
    'sees the commit after a checkpoint: %s, of either connection',
    async (mode) => {
      const { own, other, watch } = await watchOwn();
      for (const connection of [own, other, own, other]) {
        commit(other);
        expect(look(watch)).toBe(true);
        connection.pragma(`wal_checkpoint(${mode})`);
        look(watch);
        expect(look(watch)).toBe(false);
        commit(other);
        expect(look(watch)).toBe(true);
      }
    },
  );

  test('sees a log that has come to the same length again', async () => {
    const { own, other, watch } = await watchOwn();
    const frames = () => own.pragma('wal_checkpoint(noop)') as [{ log: number }];
    other.pragma('wal_checkpoint(truncate)');
    for (let count = 0; count < 5; count++) commit(other);
    look(watch);
    const [{ log }] = frames();
    other.pragma('wal_checkpoint(truncate)');
    for (let count = 0; count < 5; count++) commit(other);
    expect(frames()).toMatchObject([{ log }]);
    expect(look(watch)).toBe(true);
  });

  test('sees a VACUUM', async () => {
    const { other, watch } = await watchOwn();
    other.exec('vacuum');
    expect(look(watch)).toBe(true);
  });

  test('sees after a read transaction what was committed during it', async () => {
    const { own, other, watch } = await watchOwn();
    own.exec('begin');
    own.prepare('select * from t').all();
    commit(other);
    // The connection sees the file as it was.
    expect(look(watch)).toBe(false);
    own.exec('commit');
    expect(look(watch)).toBe(true);
  });

  test('sees what was committed before a transaction, from inside it', async () => {
    const { own, other, watch } = await watchOwn();
    commit(other);
    own.exec('begin immediate');
    expect(look(watch)).toBe(true);
    commit(own);
    own.exec('commit');
    expect(look(watch)).toBe(false);
  });

  test('sees commits after the index was made anew, since a writer was killed at its header', async () => {
    const { file, own, other, watch } = await watchOwn();
    for (const reader of [own, other]) {
      for (let count = 0; count < 3; count++) commit(other);
      look(watch);
      const child = await startProcess(file, 'spoil');
      child.send('go');
      await once(child, 'exit');
      reader.prepare('select * from t').all();
      look(watch);
      expect(look(watch)).toBe(false);
      commit(other);
      expect(look(watch)).toBe(true);
      // As many as there were before it began at 0 again.
      for (let count = 0; count < 10; count++) {
        commit(other);
        expect(look(watch)).toBe(true);
      }
    }
  });

  test('is looked at anew in a loop that waits without a pause', async () => {
    const { file, watch } = await watchOwn();
    const child = await startProcess(file, 'commit');
    const ended = once(child, 'exit');
    child.send('go');
    const most = variant === 'wal-index' ? 3e9 : 3e7;
    let looks = 0;
    while (!watch.hasChanged() && looks < most) looks++;
    expect(looks).toBeLessThan(most);
    await ended;
  });

  test('is right for a file that nobody can take out of WAL mode meanwhile', async () => {
    const { own, other } = await watchOwn();
    expect(() => other.pragma('journal_mode = delete')).toThrow(/locked/);
    expect(own.pragma('journal_mode', { simple: true })).toBe('wal');
  });
});

describe.skipIf(withoutWalIndexWatch)('the change watch by the WAL index', () => {
  /** A watch on words that the test can change, and that begin as SQLite has written them. */
  async function watchWords() {
    const { file, own, other } = openTwo();
    const mapping = new WalIndexMapping(
      file,
      await machine.nativeMemory(),
      machine.processMappings,
    );
    onTestFinished(() => mapping.close());
    const words = Int32Array.from(mapping.words);
    const header = { kind: 'wal-index' as const, words, check: () => {}, close: () => {} };
    const watch = new WalIndexWatch(own, header, new DataVersionWatch(own));
    expect(watch.hasChanged()).toBe(false);
    const change = (word: number) => {
      words[word] = (words[word] ?? 0) + 1;
    };
    return { own, other, watch, words, header, mapping, change };
  }

  test.each([
    ['the last frame', LAST_FRAME],
    ['the first salt', SALT_1],
    ['the second salt', SALT_2],
    ['the change counter', CHANGE_COUNTER],
  ])('looks closer when %s alone has changed', async (_, word) => {
    const { other, watch, change } = await watchWords();
    commit(other);
    expect(watch.hasChanged()).toBe(false);
    change(word);
    expect(watch.hasChanged()).toBe(true);
  });

  test('does not remember a header that is half written', async () => {
    const { other, watch, change } = await watchWords();
    change(LAST_FRAME);
    expect(watch.hasChanged()).toBe(false);
    commit(other);
    expect(watch.hasChanged()).toBe(true);
  });

  test('reads the words before it asks the pragma, so that a commit in between is seen', async () => {
    const { own, other, watch, words, header, mapping } = await watchWords();
    commit(own);
    words.set(mapping.words);
    let reads = 0;
    Object.defineProperty(header, 'words', {
      get() {
        // The first read is the quick one, which differs; the next is the one that may be remembered.
        if (++reads === 2) {
          commit(other);
          words.set(mapping.words);
        }
        return words;
      },
    });
    expect([watch.hasChanged(), watch.hasChanged()]).toContain(true);
  });
});

describe.skipIf(withoutWalIndexWatch)('a change watch that looks at the WAL index', () => {
  test.each(changeWatches)('goes by the pragma alone after it was closed: %s', async (kind) => {
    const { file, own, other } = openTwo();
    const watch = await watchOn(own, file, kind);
    expect(watch).toBeInstanceOf(WalIndexWatch);
    look(watch);
    watch.close();
    watch.close();
    expect([watch.hasChanged(), watch.hasChanged()]).toEqual([false, false]);
    commit(other);
    expect(look(watch)).toBe(true);
  });

  test.each([
    ['nothing', () => {}],
    ['a file without a header', () => openSync('/dev/zero', 'r')],
    ['the WAL index of another database', () => openSync(`${openTwo().file}-shm`, 'r')],
  ])('goes by the pragma where its descriptor has become that of %s', async (_, openElse) => {
    const { file, own, other } = openTwo();
    // As another copy of SQLite in the process opens it, and one day closes it.
    const descriptor = openSync(`${file}-shm`, 'r');
    const there = { ...machine, processDescriptors: () => [descriptor] };
    const options = { file, changeWatch: 'data-version', lockWaitSeconds } as const;
    const watch = await chooseChangeWatch(own, new DataVersionWatch(own), options, there);
    expect(watch).toBeInstanceOf(WalIndexWatch);
    expect(look(watch)).toBe(false);
    const elsewhere = openElse();
    if (elsewhere !== undefined) onTestFinished(() => closeSync(elsewhere));
    closeSync(descriptor);
    // The lowest number that is free is given next.
    if (elsewhere !== undefined) {
      const [moved] = [openSync(`/proc/self/fd/${elsewhere}`, 'r')];
      expect(moved).toBe(descriptor);
      onTestFinished(() => closeSync(moved));
    }
    for (let count = 0; count < 3; count++) {
      expect(look(watch)).toBe(false);
      commit(other);
      expect(look(watch)).toBe(true);
    }
  });

  test.each(changeWatches)(
    'waits for a header that a writer was killed at to be made whole: %s',
    async (changeWatch) => {
      const { file, own } = openTwo();
      const [descriptor] = machine.processDescriptors(`${file}-shm`) as [number];
      let looks = 0;
      const killedAtTheHeader = () => {
        const word = Int32Array.of(1234);
        if (++looks === 1) writeSync(descriptor, word, 0, 4, 4 * LAST_FRAME);
      };
      const there: Surroundings = {
        ...machine,
        processMappings: () => {
          killedAtTheHeader();
          return machine.processMappings();
        },
        processDescriptors: () => {
          killedAtTheHeader();
          return [descriptor];
        },
      };
      const options = { file, changeWatch, lockWaitSeconds };
      const watch = await chooseChangeWatch(own, new DataVersionWatch(own), options, there);
      onTestFinished(() => watch.close());
      expect(watch).toBeInstanceOf(WalIndexWatch);
      expect(watch.kind).toBe(changeWatch);
      expect(looks).toBeGreaterThan(1);
    },
  );

  test('is the pragma alone where the file cannot be trusted to show what is in memory', async () => {
    const { file, own } = openTwo();
    const open = (there: Surroundings) =>
      chooseChangeWatch(
        own,
        new DataVersionWatch(own),
        { file, changeWatch: 'data-version', lockWaitSeconds },
        there,
      );
    const here: Surroundings = { ...machine, filesystemType: () => 0xef53 };
    expect(await open(here)).toBeInstanceOf(WalIndexWatch);
    const fuse = { ...here, filesystemType: () => 0x65735546 };
    const withoutProc = {
      ...here,
      processDescriptors: () => {
        throw new Error('ENOENT');
      },
    };
    const elsewhere = { ...here, processDescriptors: () => [0] };
    const [ours] = machine.processDescriptors(`${file}-shm`);
    const twice = { ...here, processDescriptors: () => [ours as number, ours as number] };
    for (const there of [fuse, withoutProc, elsewhere, twice]) {
      expect(await open(there)).toBeInstanceOf(DataVersionWatch);
    }
  });
});
