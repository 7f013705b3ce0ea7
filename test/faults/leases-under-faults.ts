import { Contenders } from './contenders.ts';
import { block, type Fault, kill, release, stop, stopBeforeWrite } from './faults.ts';
import { handOver, latecomers } from './lease-rounds.ts';

/** What was done to holders for a time, and what became of the lease. */
export interface LeaseRounds {
  readonly kills: number;
  /** At any time, and right before a write. */
  readonly stops: number;
  readonly others: number;
  readonly terms: number;
  readonly increments: number;
  readonly violations: readonly string[];
}

const STANDBYS = 3;
/** Long enough that a busy machine costs nobody a lease by itself. */
const TIMES = { durationSeconds: 2, blockSeconds: 3 };

/** Does one or the other to the holder, by the random numbers, for so many seconds. */
export async function leasesUnderFaults(
  file: string,
  seconds: number,
  random: () => number,
  onFault: (done: number) => void = () => {},
): Promise<LeaseRounds> {
  using contenders = new Contenders(file, TIMES);
  let holder = await contenders.startTeam(STANDBYS);
  const tokens = [holder.acquired.at(-1)?.fencingToken ?? 0];
  const faults = [kill, kill, kill, stop, stopBeforeWrite, block, release];
  const done: Fault[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const fault = faults[Math.floor(random() * faults.length)] ?? kill;
    const { handover, successor } = await handOver(contenders, holder, fault);
    done.push(fault);
    tokens.push(handover.fencingToken);
    holder = successor;
    onFault(done.length);
  }
  await latecomers();
  const kills = done.filter((fault) => fault === kill).length;
  const stops = done.filter((fault) => fault === stop || fault === stopBeforeWrite).length;
  const fallen = tokens.filter((token, index) => token <= (tokens[index - 1] ?? 0));
  return {
    kills,
    stops,
    others: done.length - kills - stops,
    terms: tokens.length,
    increments: contenders.increments().length,
    violations: [
      ...contenders.violations(),
      ...fallen.map((token) => `${token} was given after a higher one, or twice`),
    ],
  };
}
