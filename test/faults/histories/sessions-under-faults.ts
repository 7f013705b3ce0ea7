import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomNumbers } from '../../support/random-numbers.ts';
import type { TemporaryFolder } from '../../support/temporary-folder.ts';
import { type Findings, HistoryCheck } from './history-check.ts';
import { type Deeds, Nemesis } from './nemesis.ts';
import type { History } from './operation.ts';
import { type CrewOptions, SessionCrew } from './session-crew.ts';
import type { SessionSettings } from './session-messages.ts';

export interface SessionRunOptions extends Partial<CrewOptions> {
  readonly seed: number;
  readonly seconds: number;
  /** How many operations each process does in a round. */
  readonly operations?: number;
  /** On average, from one thing that is done to the processes to the next; `null` for none at all. */
  readonly faultEveryMilliseconds?: number | null;
  /** That the sessions are in the file of the crew, which is maintained then; `true` by default. */
  readonly isInFile?: boolean;
  onRound?(run: SessionRun): void;
  /** It goes on until then, however long that takes: a slow machine does less in its seconds. */
  isEnough?(run: SessionRun): boolean;
}

/** What was done, and what was found. */
export interface SessionRun {
  readonly rounds: number;
  readonly deeds: Readonly<Deeds>;
  readonly findings: Findings;
}

export const SESSION_PROGRAM: URL = new URL('./session-process.ts', import.meta.url);

const TOKENS = 16;
const USERS = 5;
const PROCESSES = 8;
const OPERATIONS = 5000;
const LONGEST_LOAD_MILLISECONDS = 3;
const FAULT_EVERY_MILLISECONDS = 150;

/** Lets processes do random operations on the sessions of one file, and has a nemesis in between; checks each round while the next one is going on. */
export async function sessionsUnderFaults(
  folder: TemporaryFolder,
  options: SessionRunOptions,
): Promise<SessionRun> {
  const {
    seed,
    seconds,
    operations = OPERATIONS,
    faultEveryMilliseconds = FAULT_EVERY_MILLISECONDS,
    tokens = TOKENS,
    users = USERS,
    processes = PROCESSES,
    longestLoadMilliseconds = LONGEST_LOAD_MILLISECONDS,
    program = SESSION_PROGRAM,
    settingsOf = (number) => randomSettings(seed + number),
    untilServed = async () => {},
    isInFile = true,
    onRound = () => {},
    isEnough = () => true,
  } = options;
  using crew = new SessionCrew(folder, {
    seed,
    tokens,
    users,
    processes,
    longestLoadMilliseconds,
    program,
    settingsOf,
    untilServed,
  });
  const file = isInFile ? crew.database : null;
  using nemesis = new Nemesis(crew, randomNumbers(seed), faultEveryMilliseconds ?? 0, file);
  const check = new HistoryCheck(tokens);
  await crew.startAll();
  const striking = faultEveryMilliseconds === null ? undefined : nemesis.strike();
  const end = performance.now() + seconds * 1000;
  let rounds = 0;
  const state = (): SessionRun => ({ rounds, deeds: nemesis.deeds, findings: check.findings });
  let checking = Promise.resolve();
  do {
    const round = crew.round(operations);
    await checking;
    onRound(state());
    checking = take(check, await round);
    rounds++;
  } while (
    check.findings.violations.length === 0 &&
    (performance.now() < end || !isEnough(state()))
  );
  await nemesis.end();
  await striking;
  await crew.leave();
  await checking;
  return state();
}

async function take(check: HistoryCheck, files: readonly (() => History)[]): Promise<void> {
  // Those of the next round are told to begin first.
  await nextTurn();
  const histories: History[] = [];
  for (const read of files) {
    histories.push(read());
    await nextTurn();
  }
  for (const _ of check.round(histories)) await nextTurn();
}

/** Each process has its own, so that whatever one does it does beside others that do it differently. */
function randomSettings(seed: number): SessionSettings {
  const random = randomNumbers(seed);
  const one = <T>(...choices: readonly T[]): T =>
    choices[Math.floor(random() * choices.length)] as T;
  return {
    changeWatch: one('auto', 'auto', 'data-version'),
    changeLogEntries: one(128, 1024, 16_384),
    nearCacheEntries: one(10_000, 10_000, 10_000, 8, 0),
    touchWriteShare: one(0, 0.05),
    // A kill takes nothing from what was handed to the kernel; an fsync beside others that do not wait for one.
    revocationDurability: random() < 0.02 ? 'power-loss' : 'process-crash',
  };
}
