import { InvalidWorkersError } from '../contract/errors/index.ts';

/** Something that speaks of how many processes the app runs as. */
export interface WorkerSign {
  /** What was found, as a clause. */
  readonly found: string;
  /** `null`: several, for all that it says. */
  readonly workers: number | null;
  /** What makes it one. */
  readonly remedy: string;
}

/** What node:cluster says of this process. */
export interface ClusterState {
  readonly isWorker: boolean;
  /** How many workers of this process live. */
  readonly forked: number;
}

export interface SignSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workersVariable: string | undefined;
  readonly cluster: ClusterState;
}

/** @throws InvalidWorkersError */
export function workerSigns(sources: SignSources): WorkerSign[] {
  return [
    ...ownVariable(sources),
    ...webConcurrency(sources),
    ...pm2(sources),
    ...nodeCluster(sources),
  ];
}

const POSITIVE_INTEGER = /^[1-9][0-9]*$/;

function ownVariable({ env, workersVariable: name }: SignSources): WorkerSign[] {
  const value = name === undefined ? undefined : env[name];
  if (name === undefined || value === undefined || value === '') return [];
  if (!POSITIVE_INTEGER.test(value)) {
    throw new InvalidWorkersError(
      `${name} must be a positive integer in plain decimal digits, or unset for the app's default, but found ${JSON.stringify(value)}. ` +
        `Set ${name} to the number of workers that are meant, such as 1.`,
    );
  }
  return [{ found: `${name} is "${value}"`, workers: Number(value), remedy: `set ${name} to 1` }];
}

/**
 * Heroku sets it, and what starts workers often follows it. It is not the app's own, so a value such as `auto` or `0` is no
 * mistake; but it does not say one worker either.
 */
function webConcurrency({ env }: SignSources): WorkerSign[] {
  const value = env['WEB_CONCURRENCY'];
  if (value === undefined || value === '') return [];
  return [
    {
      found: `WEB_CONCURRENCY is "${value}"`,
      workers: POSITIVE_INTEGER.test(value) ? Number(value) : null,
      remedy: 'set WEB_CONCURRENCY to 1',
    },
  ];
}

/**
 * What PM2 (7.0.4) puts into the environment of a process, as text: `instances` is how many were asked for, with `max`, 0 and
 * negative numbers resolved (lib/God.js, `prepare`); `NODE_APP_INSTANCE`, or what `instance_var` names, numbers
 * those of one name from 0 (`injectVariables`). Both are needed: `pm2 scale` leaves `instances` as it was, and `pm2 save`
 * with `pm2 resurrect` drops it (lib/God/ActionMethods.js, `saveProc`).
 *
 * `PM2_HOME` says nothing: users set it in their shells.
 */
function pm2({ env }: SignSources): WorkerSign[] {
  // Every process of PM2 has an id. Without it the other names are somebody else's: node-config reads NODE_APP_INSTANCE too.
  if (env['pm_id'] === undefined) return [];
  const remedy = '"pm2 delete" the app and start it without -i, and without "instances"';
  const signs: WorkerSign[] = [];
  const instances = Number(env['instances']);
  // A worker that the app forks itself inherits these from its primary, of which alone they are true in fork mode.
  const speaksOfThisProcess = instances > 1 || env['exec_mode'] === 'cluster_mode';
  if (instances >= 1 && speaksOfThisProcess) {
    signs.push({ found: `PM2 was told instances "${instances}"`, workers: instances, remedy });
  }
  const variable = env['instance_var'] || 'NODE_APP_INSTANCE';
  const number = Number(env[variable]);
  if (number >= 1) {
    signs.push({
      found: `PM2 numbered this instance ${number}, counting from 0 (${variable})`,
      workers: number + 1,
      remedy,
    });
  }
  return signs;
}

/** A worker cannot see how many others its primary has forked, or will fork. */
function nodeCluster({ cluster, workersVariable = 'WEB_CONCURRENCY' }: SignSources): WorkerSign[] {
  if (cluster.isWorker) {
    return [
      {
        found: 'this process is a worker of node:cluster',
        workers: null,
        remedy: `fork no other worker, and set ${workersVariable} to 1 to say so`,
      },
    ];
  }
  if (cluster.forked < 2) return [];
  const { forked } = cluster;
  return [
    {
      found: `this process has forked ${forked} workers by node:cluster`,
      workers: forked,
      remedy: 'fork one worker',
    },
  ];
}
