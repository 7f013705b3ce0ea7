import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  DatabaseBusyError,
  LeaseStoreUnavailableError,
  LeaseTimeoutError,
} from '../contract/errors/index.ts';
import type { Lease } from '../contract/lease.ts';
import type { LeaseStore, LeaseSummary } from '../contract/lease-store.ts';
import { assertHasMethod } from '../contract/validate-options.ts';
import { pause } from '../waiting/pause.ts';
import { type Claim, type ClaimSingleInstanceOptions, readClaimOptions } from './claim-options.ts';
import { alreadyRunning, describeWait, isHeld } from './running-instance.ts';

const REPORT_EVERY_MILLISECONDS = 3000;

/**
 * Lets one instance of the app run, and no second beside it: waits for another one to leave, as in a rolling deploy, and then fails.
 *
 * Call it before the app migrates its tables and before it binds its socket, and exit with a code other than 0 on the error. Keep
 * the lease until the end and release it last. Its `signal` aborts when the claim is lost (the process was stopped, or its
 * event loop held, for `durationSeconds - marginSeconds`; or somebody took it by `steal`): stop then, since another instance may start.
 *
 * The takeover is `cautious`: what two instances do at once no fence can undo, so an instance whose process seems to have ended must
 * also have missed a heartbeat.
 *
 * On top of these it throws what the lease store throws.
 *
 * @throws InstanceAlreadyRunningError, with who runs, what speaks for its being alive, and the remedy.
 * @throws InvalidDurationError, also when `durationSeconds` is not less than a `waitSeconds` of more than 0.
 * @throws InvalidNameError, InvalidOptionError
 */
export async function claimSingleInstance<Connection>(
  leases: LeaseStore<Connection>,
  options: ClaimSingleInstanceOptions = {},
): Promise<Lease<Connection>> {
  assertHasMethod('The first argument of claimSingleInstance', leases, {
    method: 'tryAcquire',
    what: 'a lease store',
    remedy: 'Write: await claimSingleInstance(new DatabaseLeaseStore(database)).',
  });
  const claim = readClaimOptions(options);
  const { name, waitSeconds, signal } = claim;
  signal?.throwIfAborted();
  const { lease, running } =
    waitSeconds === 0 ? await claimNow(leases, claim) : await claimInTime(leases, claim);
  if (lease === null) {
    const { instance, clock } = leases;
    throw alreadyRunning(running, { name, waitSeconds, instance, now: clock.now() });
  }
  if (signal?.aborted) {
    await lease.release();
    throw signal.reason;
  }
  return lease;
}

interface Outcome<Connection> {
  readonly lease: Lease<Connection> | null;
  /** Who has it, when `lease` is `null`. */
  readonly running: LeaseSummary | null;
}

async function claimNow<Connection>(
  leases: LeaseStore<Connection>,
  { name, terms }: Claim,
): Promise<Outcome<Connection>> {
  const lease = await leases.tryAcquire(name, terms);
  return { lease, running: lease === null ? await findRunning(leases, name) : null };
}

async function claimInTime<Connection>(
  leases: LeaseStore<Connection>,
  claim: Claim,
): Promise<Outcome<Connection>> {
  const [waitIsOver, giveUp] = [new AbortController(), new AbortController()];
  const acquiring = leases.acquire(claim.name, {
    ...claim.terms,
    timeoutSeconds: claim.waitSeconds,
    signal: AbortSignal.any([giveUp.signal, ...(claim.signal ? [claim.signal] : [])]),
  });
  const end = () => waitIsOver.abort();
  acquiring.then(end, end);
  try {
    await reportRunning(leases, claim, waitIsOver.signal);
  } catch (error) {
    giveUp.abort(error);
    // It may have been had in the meantime.
    await acquiring.then(
      (lease) => lease.release(),
      () => {},
    );
    throw error;
  }
  try {
    return { lease: await acquiring, running: null };
  } catch (error) {
    if (!(error instanceof LeaseTimeoutError)) throw error;
    // Nobody runs, and the file was in the way.
    if (error.cause !== undefined && (error.lease === null || !isHeld(error.lease))) throw error;
    return { lease: null, running: error.lease };
  }
}

async function reportRunning(
  leases: LeaseStore,
  { name, waitSeconds, report }: Claim,
  waitIsOver: AbortSignal,
): Promise<void> {
  const { clock, instance } = leases;
  const began = clock.monotonic();
  // Who has it at the first look waits for nobody.
  await nextTurn();
  while (!waitIsOver.aborted) {
    const running = await findRunning(leases, name).catch(nobodyWhileAway);
    if (waitIsOver.aborted) return;
    if (running !== null && isHeld(running)) {
      const waitedSeconds = (clock.monotonic() - began) / 1000;
      report(
        describeWait(running, { name, waitSeconds, waitedSeconds, instance, now: clock.now() }),
      );
    }
    await pause(clock, REPORT_EVERY_MILLISECONDS, waitIsOver);
  }
}

/** What keeps a report from being made for now does not end the wait: it keeps the claim from being had as well, and that goes on trying. */
function nobodyWhileAway(error: unknown): null {
  const isPassing =
    error instanceof LeaseStoreUnavailableError || error instanceof DatabaseBusyError;
  if (isPassing) return null;
  throw error;
}

async function findRunning(leases: LeaseStore, name: string): Promise<LeaseSummary | null> {
  const all = await leases.list();
  return all.find((lease) => lease.name === name) ?? null;
}
