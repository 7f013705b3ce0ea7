import { InstanceAlreadyRunningError } from '../contract/errors/index.ts';
import type { Instance } from '../contract/instance.ts';
import type { HolderEvidence, LeaseSummary } from '../contract/lease-store.ts';

/** What the newcomer knows. */
export interface Newcomer {
  /** Of the claim. */
  readonly name: string;
  readonly waitSeconds: number;
  readonly instance: Instance;
  /** By the wall clock. */
  readonly now: number;
}

export type HeldClaim = LeaseSummary & { readonly holder: Instance };

/** What to tell whoever watches a start that waits. */
export function describeWait(
  running: HeldClaim,
  newcomer: Newcomer & { readonly waitedSeconds: number },
): string {
  const { name, waitSeconds, waitedSeconds } = newcomer;
  return (
    `Waiting for another instance of the app to leave ("${name}", ${waitedSeconds.toFixed(0)} of ${waitSeconds} s): ` +
    `${describeHolder(running, newcomer)}.`
  );
}

/** @param running the claim as it was at the end of the wait; `null` when others were faster each time. */
export function alreadyRunning(
  running: LeaseSummary | null,
  newcomer: Newcomer,
): InstanceAlreadyRunningError {
  const { name, waitSeconds } = newcomer;
  const waited = waitSeconds === 0 ? 'without a wait' : `within ${waitSeconds} s`;
  const failed = `This instance could not claim "${name}" ${waited} (waitSeconds)`;
  if (running === null || !isHeld(running)) {
    return new InstanceAlreadyRunningError(
      `${failed}: another instance of the app was faster, or has left just now. Start this one again.`,
      running,
    );
  }
  return new InstanceAlreadyRunningError(
    `${failed}: another instance of the app is running, ${describeHolder(running, newcomer)}. ` +
      `${EVIDENCE[running.evidence](running, newcomer)} ${remedyFor(running, newcomer)}`,
    running,
  );
}

export function isHeld(claim: LeaseSummary): claim is HeldClaim {
  return claim.holder !== null;
}

function describeHolder(running: HeldClaim, newcomer: Newcomer): string {
  const { holder, acquiredAt, lastHeartbeatAt } = running;
  const { processId, host, appVersion } = holder;
  const version = appVersion === null ? 'app version unknown' : `app version ${appVersion}`;
  const age = heartbeatAge(running, newcomer).toFixed(1);
  return (
    `process ${processId} on ${host} (${version}) since ${acquiredAt.toISOString()}, ` +
    `last heartbeat ${lastHeartbeatAt.toISOString()} (${age} s ago)`
  );
}

type Sentence = (running: HeldClaim, newcomer: Newcomer) => string;

/** On what evidence the holder is believed to be alive. */
const EVIDENCE: Record<HolderEvidence, Sentence> = {
  renewed: (running, newcomer) =>
    isStale(running, newcomer)
      ? `It may have ended with the machine: its heartbeat is older than its ${running.durationSeconds} s, but has not been watched for as long, and the clock may have been set.`
      : `It is believed alive: its last heartbeat is not older than the ${running.durationSeconds} s that its claim lasts.`,
  'process-lives': ({ durationSeconds }) =>
    `It is believed alive: it has missed its heartbeats for more than ${durationSeconds} s, but its process is there, stopped or too busy.`,
  'process-gone': () =>
    'Its process has ended, as its free lock says; the claim is free when it has missed a heartbeat too.',
  overdue: ({ durationSeconds }) =>
    `Nothing is known of its process; it has missed its heartbeats for more than ${durationSeconds} s.`,
  none: () => 'Nothing speaks for its being alive.',
};

function remedyFor(running: HeldClaim, newcomer: Newcomer): string {
  const { holder, evidence, durationSeconds } = running;
  if (holder.id === newcomer.instance.id) {
    return 'It is this very instance: call claimSingleInstance once in a process, and release the claim last.';
  }
  const isEnough = newcomer.waitSeconds > durationSeconds;
  const startAgain = isEnough
    ? 'start this one again'
    : `start this one again, with waitSeconds of more than ${durationSeconds}`;
  if (evidence === 'process-gone' || evidence === 'none')
    return `There is nothing to stop: ${startAgain}.`;
  // To kill it would be to kill this one.
  if (isSameProcess(holder, newcomer.instance)) {
    return (
      'It is this very process (another copy of the module, as after a hot reload), or a container with the same host name and process id. ' +
      `In one process claim once, and release the claim before the code is loaded anew; a container is to be ended first. Then ${startAgain}.`
    );
  }
  const where =
    holder.host === newcomer.instance.host
      ? 'on this host'
      : `on ${holder.host} (if that is a container, stop the container)`;
  if (evidence !== 'renewed') {
    return `If it runs, end it, stopped or not (kill -9 ${holder.processId} ${where}), and ${startAgain}.`;
  }
  return isStale(running, newcomer)
    ? `See that process ${holder.processId} does not run ${where}, and ${startAgain}.`
    : `Stop it (kill ${holder.processId} ${where}) or wait until it has left, and start this one again.`;
}

function isSameProcess(one: Instance, other: Instance): boolean {
  return one.processId === other.processId && one.host === other.host;
}

/** In seconds, by two readings of wall clocks: for display, and to choose words. */
function heartbeatAge({ lastHeartbeatAt }: LeaseSummary, { now }: Newcomer): number {
  return Math.max(0, now - lastHeartbeatAt.getTime()) / 1000;
}

/** Another boot's claim, most likely. */
function isStale(running: LeaseSummary, newcomer: Newcomer): boolean {
  return heartbeatAge(running, newcomer) > running.durationSeconds;
}
