import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChangeWatch } from '../../src/backends/sqlite/change-watch.ts';
import { DatabaseSessionCache, openDatabase } from '../../src/index.ts';
import { changeWatches } from '../support/change-watches.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { CHECKPOINT, CHECKPOINTS, INVALIDATE, type Numbered } from './commit-order.ts';
import {
  type Committer,
  type StartCommitter,
  startCommitterProcess,
  startCommitterThread,
} from './committers.ts';

/** A million in the long form. */
const COMMITS = Number(process.env['ONEHOST_WATCH_COMMITS'] ?? 40_000);

/** Rounds. */
const CHECKPOINT_EVERY = 251;

interface Findings {
  readonly commits: number;
  readonly checkpoints: number;
  readonly kills: number;
  /** After how many commits the reader had in memory what was right before. */
  readonly heldBefore: number;
  /** After how many it gave something else than was committed. */
  readonly stale: number;
}

/** Two others commit, and after each commit that has returned this process looks, having in memory what was right before. */
class Watcher {
  readonly #cache: DatabaseSessionCache<Numbered>;
  /** Without a memory. */
  readonly #file: DatabaseSessionCache<Numbered>;
  readonly #held = new Map<string, number | null>();
  readonly found = { commits: 0, checkpoints: 0, kills: 0, heldBefore: 0, stale: 0 };

  constructor(database: Awaited<ReturnType<typeof openDatabase>>) {
    this.#cache = new DatabaseSessionCache(database);
    this.#file = new DatabaseSessionCache(database, { nearCacheEntries: 0 });
  }

  /** Both commit at the same time. */
  commit(committers: readonly Committer[], what: number): void {
    for (const { told } of committers) told.send(what);
    for (const { token, done } of committers) {
      expect(done.receive()).toBe(what);
      this.#look(token, what === INVALIDATE ? null : what);
    }
  }

  checkpoint({ told, done }: Committer, kind: number): void {
    told.send(CHECKPOINT - kind);
    done.receive();
    this.found.checkpoints++;
  }

  /** Kills it somewhere in a commit, which may have been made then or not. */
  async kill(committer: Committer, what: number): Promise<void> {
    const end = performance.now() + Math.random() * 0.4;
    committer.told.send(what);
    while (performance.now() < end);
    await committer.kill();
    this.found.kills++;
    const hasReturned = committer.done.receiveIfThere() === what;
    this.#look(
      committer.token,
      hasReturned ? what : (this.#file.get(committer.token)?.value ?? null),
    );
  }

  #look(token: string, expected: number | null): void {
    this.found.commits++;
    if (typeof this.#held.get(token) === 'number') this.found.heldBefore++;
    const value = this.#cache.get(token)?.value ?? null;
    if (value !== expected) this.found.stale++;
    this.#held.set(token, value);
  }
}

async function watchCommits(
  start: StartCommitter,
  changeWatch: ChangeWatch['kind'],
  { commits, kills }: { commits: number; kills: number },
): Promise<Findings> {
  const folder = new TemporaryFolder();
  const committers: Committer[] = [];
  const database = await openDatabase(folder.file('a.db'), { changeWatch });
  onTestFinished(async () => {
    database.close();
    folder[Symbol.dispose]();
  });
  for (const token of ['a', 'b']) committers.push(await start(folder, token));
  const watcher = new Watcher(database);
  const rounds = commits / committers.length;
  for (let round = 1; round <= rounds; round++) {
    watcher.commit(committers, round % 5 === 0 ? INVALIDATE : round);
    if (round % CHECKPOINT_EVERY === 0) {
      watcher.checkpoint(
        committers[round % 2] as Committer,
        (round / CHECKPOINT_EVERY) % CHECKPOINTS.length,
      );
    }
    if (round % 1000 === 0) {
      // The same file once more in this process, opened and closed.
      (await openDatabase(folder.file('a.db'), { changeWatch })).close();
      await nextTurn();
    }
    if (kills > 0 && round % Math.floor(rounds / kills) === 0) {
      using killed = committers.shift() as Committer;
      await watcher.kill(killed, round + 0.5);
      committers.push(await start(folder, killed.token));
    }
  }
  for (using committer of committers) await committer.end();
  return watcher.found;
}

function expectNoneMissed(found: Findings, commits: number): void {
  console.log('every commit:', JSON.stringify(found));
  expect(found.stale).toBe(0);
  // That it was put to the test.
  expect(found.commits).toBeGreaterThanOrEqual(commits);
  expect(found.heldBefore).toBeGreaterThan(commits / 2);
  expect(found.checkpoints).toBe(Math.floor(commits / 2 / CHECKPOINT_EVERY));
}

describe.each(changeWatches)('by the change watch %s', (changeWatch) => {
  const commits = changeWatch === 'wal-index' ? COMMITS : COMMITS / 4;

  test(`each of ${commits.toLocaleString('en')} commits of two other processes is seen once it has returned, though logs begin anew and writers are killed`, async () => {
    const kills = Math.max(4, commits / 10_000);
    const found = await watchCommits(startCommitterProcess, changeWatch, { commits, kills });
    expectNoneMissed(found, commits);
    expect(found.kills).toBeGreaterThanOrEqual(4);
  }, 3_600_000);

  test(`each of ${(commits / 4).toLocaleString('en')} commits of two other threads is seen once it has returned`, async () => {
    const options = { commits: commits / 4, kills: 0 };
    expectNoneMissed(
      await watchCommits(startCommitterThread, changeWatch, options),
      options.commits,
    );
  }, 3_600_000);
});
