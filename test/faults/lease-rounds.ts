import { setTimeout as wait } from 'node:timers/promises';
import type { TermReason } from '../../src/index.ts';
import type { Refused } from './contender-messages.ts';
import type { Contender, Contenders } from './contenders.ts';
import type { Fault } from './faults.ts';

/** One time that the lease changed hands. */
export interface Handover {
  /** From the fault until another reported that it holds the lease. */
  readonly milliseconds: number;
  readonly reason: TermReason;
  readonly fencingToken: number;
  /** How the holder before was refused when it wanted to go on; `null` when it did not live on. */
  readonly refused: Refused | null;
}

/** Does that to one holder after the other. */
export async function handovers(
  contenders: Contenders,
  first: Contender,
  fault: Fault,
  rounds: number,
  onRound: (done: number) => void = () => {},
): Promise<Handover[]> {
  const found: Handover[] = [];
  let holder = first;
  for (let round = 1; round <= rounds; round++) {
    const { handover, successor } = await handOver(contenders, holder, fault);
    found.push(handover);
    holder = successor;
    onRound(round);
  }
  await latecomers();
  return found;
}

/** Does that to the holder of now; its term is over when that of the successor begins. */
export async function handOver(
  contenders: Contenders,
  holder: Contender,
  fault: Fault,
): Promise<{ handover: Handover; successor: Contender }> {
  const term = holder.acquired.at(-1)?.fencingToken ?? 0;
  const next = contenders.nextHolder();
  const at = await fault.strike(holder, contenders);
  const { holder: successor, acquired } = await next;
  await fault.afterwards?.(holder, contenders);
  const handover = {
    milliseconds: acquired.at - at,
    reason: acquired.reason,
    fencingToken: acquired.fencingToken,
    refused: fault.isSurvived ? await contenders.refusal(holder, term) : null,
  };
  return { handover, successor };
}

/** What a woken process might still write, it writes now. */
export function latecomers(): Promise<void> {
  return wait(200);
}
