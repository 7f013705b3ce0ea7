import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { stopOutsideOfWrite } from './faults.ts';
import { accountFor, type JobAccount } from './job-account.ts';
import { JobProcesses } from './job-processes.ts';
import { type JobRecords, recordsInFile } from './job-records.ts';

/** What was done to the processes, and what became of the ticks. */
export interface JobRounds {
  /** Processes that were ended by kill -9. */
  readonly kills: number;
  /** Owners that were stopped past their duration, and woken while another ran the job. */
  readonly stops: number;
  readonly account: JobAccount;
  /** Errors of the processes that should not have been. */
  readonly surprises: readonly string[];
}

/** Where the jobs are kept. */
export interface JobPlace {
  readonly file: string;
  /** Of a server that keeps leases and ticks in place of the file. */
  readonly server?: string;
  /** SIGSTOP, where it keeps nobody else from writing. */
  stop(child: ChildProcess): unknown;
  /** When all processes have ended. */
  records(): JobRecords | Promise<JobRecords>;
}

export function jobsInFile(file: string): JobPlace {
  return {
    file,
    stop: (child) => stopOutsideOfWrite(child, file),
    records: () => recordsInFile(file),
  };
}

/** How many processes have the job. */
const PROCESSES = 4;
const DURATION_SECONDS = 2;
/** For how long the whole app is gone: several ticks, of which the newest runs late and the others are missed. */
const OUTAGE_MILLISECONDS = 3200;

/** Lets processes run a job each second, and kills and stops them, for so many seconds. */
export async function jobsUnderFaults(
  place: JobPlace,
  seconds: number,
  onFault: (what: string) => void = () => {},
  random: () => number = Math.random,
): Promise<JobRounds> {
  const { file, server } = place;
  using processes = new JobProcesses(file, { server, durationSeconds: DURATION_SECONDS });
  await processes.startTeam(PROCESSES);
  const end = performance.now() + seconds * 1000;
  const done = { kills: 0, stops: 0 };
  // Each of them once, however slow the machine is.
  for (let round = 0; round < FAULTS.length || performance.now() < end; round++) {
    const fault = FAULTS[round % FAULTS.length] ?? killOwner;
    onFault(fault.name);
    const { kills = 0, stops = 0 } = await fault(processes, random, place);
    done.kills += kills;
    done.stops += stops;
  }
  // The end of a run, and not of a fault.
  await processes.nextBegun();
  await processes.leave();
  const { begun, surprises } = processes;
  return { ...done, account: accountFor(await place.records(), begun), surprises };
}

type Done = { readonly kills?: number; readonly stops?: number };

/** Somewhere between the beginning of a run and its end. */
async function killOwner(processes: JobProcesses, random: () => number): Promise<Done> {
  const owner = await processes.nextBegun();
  await wait(random() * 200);
  await processes.kill(owner);
  await processes.start();
  return { kills: 1 };
}

async function killAny(processes: JobProcesses, random: () => number): Promise<Done> {
  await wait(random() * 2000);
  const victim = processes.all[Math.floor(random() * processes.all.length)];
  if (victim === undefined) return {};
  await processes.kill(victim);
  await processes.start();
  return { kills: 1 };
}

async function killAll(processes: JobProcesses): Promise<Done> {
  await processes.nextBegun();
  const kills = processes.all.length;
  await Promise.all(processes.all.map((child) => processes.kill(child)));
  await wait(OUTAGE_MILLISECONDS);
  await processes.startTeam(kills);
  return { kills };
}

/** In the middle of a run, which it goes on with while another one has run later ticks. */
async function stopOwner(
  processes: JobProcesses,
  _random: () => number,
  place: JobPlace,
): Promise<Done> {
  const owner = await processes.nextBegun();
  const next = processes.nextBegun();
  await place.stop(owner);
  await next;
  owner.kill('SIGCONT');
  return { stops: 1 };
}

const FAULTS = [killOwner, stopOwner, killAll, killAny];
