import cluster from 'node:cluster';
import { InvalidOptionError, UnsafeDeploymentError } from '../contract/errors/index.ts';
import type { SessionCache } from '../contract/session-cache.ts';
import { describeType } from '../contract/validate-arguments.ts';
import { assertKnownOptions, assertOneOf } from '../contract/validate-options.ts';
import { type ClusterState, type WorkerSign, workerSigns } from './worker-signs.ts';

export interface CheckDeploymentOptions {
  /** The cache that the app is about to use; what counts is how far its invalidations reach. */
  readonly cache: Pick<SessionCache, 'capabilities'>;
  /** The environment; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * The name of the app's own variable for its number of workers, such as `APP_WORKERS`; by default the app has none. Unset and empty
   * say nothing: an app that runs several workers by default is to pass the number it comes to,
   * `env: { ...process.env, APP_WORKERS: String(workers) }`. Anything but a positive integer in plain decimal digits is an error, whatever the cache.
   */
  readonly workersVariable?: string | undefined;
}

/**
 * Refuses to start an app that runs as several processes with a cache that reaches one only: a logout in one would not reach the
 * others. A cache whose `capabilities.reach` is `host` or `network` passes. Call it in every process, before the cache is used.
 *
 * It looks for signs of several processes:
 *
 * - the app's own variable (`workersVariable`) is more than 1;
 * - `WEB_CONCURRENCY` is more than 1, or no positive integer (`auto`);
 * - PM2 was told more than one of `instances`, or has numbered this one above 0;
 * - this process is a worker of node:cluster, or has forked more than one that lives.
 *
 * One sign of more than one is enough, whatever the others say. A sign that does not tell how many (a worker of node:cluster, since
 * it cannot see the others; `auto`) is enough unless another says exactly 1: `workersVariable`, `WEB_CONCURRENCY`, or the
 * `instances` of PM2's cluster mode. A primary that has forked one worker passes.
 *
 * What leaves no sign is not found: several containers or systemd units, worker threads, PM2's first instance when others are added by `pm2
 * scale` (those are refused).
 *
 * @throws UnsafeDeploymentError, with what was found and the remedy.
 * @throws InvalidWorkersError when the app's own variable holds something else than a positive integer.
 * @throws InvalidOptionError
 */
export function checkDeployment(options: CheckDeploymentOptions): void {
  checkDeploymentIn(
    { isWorker: cluster.isWorker, forked: Object.keys(cluster.workers ?? {}).length },
    options,
  );
}

/** @internal */
export function checkDeploymentIn(state: ClusterState, options: CheckDeploymentOptions): void {
  assertKnownOptions('checkDeployment', options, ['cache', 'env', 'workersVariable']);
  const { cache, env = process.env, workersVariable } = options;
  const reach = cache?.capabilities?.reach;
  assertOneOf('cache.capabilities.reach', reach, ['process', 'host', 'network']);
  assertVariable(workersVariable);
  const signs = workerSigns({ env, workersVariable, cluster: state });
  if (reach !== 'process') return;
  const refused = signsOfSeveral(signs);
  if (refused.length > 0) throw unsafe(refused);
}

function signsOfSeveral(signs: readonly WorkerSign[]): WorkerSign[] {
  const saysOne = signs.some(({ workers }) => workers === 1);
  return signs.filter(({ workers }) => (workers === null ? !saysOne : workers > 1));
}

function unsafe(signs: readonly WorkerSign[]): UnsafeDeploymentError {
  const list = (key: 'found' | 'remedy') => [...new Set(signs.map((sign) => sign[key]))].join('; ');
  return new UnsafeDeploymentError(
    `The app runs as more than one process, or may (${list('found')}), but its session cache reaches one only: each process would have a cache of its own. ` +
      'A logout in one worker would not reach the others: a session ended in one would go on living in the rest. ' +
      `Use DatabaseSessionCache, which all processes of the host share; or run one worker: ${list('remedy')}.`,
  );
}

function assertVariable(name: unknown): void {
  if (name === undefined || (typeof name === 'string' && name.length > 0)) return;
  throw new InvalidOptionError(
    `workersVariable must be the name of an environment variable, but found ${name === '' ? 'an empty string' : describeType(name)}.`,
  );
}
