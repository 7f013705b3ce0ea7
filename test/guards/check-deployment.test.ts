import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkDeployment, checkDeploymentIn } from '../../src/guards/check-deployment.ts';
import {
  InMemorySessionCache,
  NoOpSessionCache,
  type SessionCacheCapabilities,
} from '../../src/index.ts';
import type { ClusterOrder, ClusterReport } from './cluster-workers.ts';

type Env = Record<string, string>;
type Reach = SessionCacheCapabilities['reach'];

const ALONE = { isWorker: false, forked: 0 };
const WORKER = { isWorker: true, forked: 0 };

const workersVariable = 'APP_WORKERS';

function cacheOf(reach: Reach) {
  const { capabilities } = new InMemorySessionCache();
  return { capabilities: { ...capabilities, reach } };
}

/** The message of the refusal by this class, `null` when the deployment passes. */
function refusal(env: Env, state = ALONE, reach: Reach = 'process'): string | null {
  try {
    checkDeploymentIn(state, { cache: cacheOf(reach), env, workersVariable });
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ONEHOST_UNSAFE_DEPLOYMENT' });
    return (error as Error).message;
  }
}

/** What PM2 7.0.4 was seen to give its processes. */
function pm2(env: Env): Env {
  return {
    pm_id: '0',
    PM2_HOME: '/root/.pm2',
    instance_var: 'NODE_APP_INSTANCE',
    NODE_APP_INSTANCE: '0',
    ...env,
  };
}

afterEach(() => vi.unstubAllEnvs());

describe('the app’s own variable', () => {
  test.each(['0', 'two', '1.5', '-1', '+1', '1e1', '0x2', ' 2', '2 ', '01', '1\n', '２'])(
    '"%s" is an error, with whatever cache',
    (value) => {
      for (const reach of ['process', 'host', 'network'] as const) {
        const check = () =>
          checkDeployment({ cache: cacheOf(reach), env: { APP_WORKERS: value }, workersVariable });
        expect(check).toThrow(
          expect.objectContaining({
            code: 'ONEHOST_INVALID_WORKERS',
            message: expect.stringContaining(
              `APP_WORKERS must be a positive integer in plain decimal digits, or unset for the app's default, but found ${JSON.stringify(value)}`,
            ),
          }),
        );
      }
    },
  );

  test('passes when it is unset, empty or 1', () => {
    expect(refusal({})).toBe(null);
    expect(refusal({ APP_WORKERS: '' })).toBe(null);
    expect(refusal({ APP_WORKERS: '1' })).toBe(null);
  });

  test('above 1 is unsafe with a cache of one process, and with no other', () => {
    expect(refusal({ APP_WORKERS: '4' }, ALONE, 'process')).toContain('APP_WORKERS is "4"');
    expect(refusal({ APP_WORKERS: '2' }, ALONE, 'process')).toContain('APP_WORKERS is "2"');
    expect(refusal({ APP_WORKERS: '4' }, ALONE, 'host')).toBe(null);
    expect(refusal({ APP_WORKERS: '4' }, ALONE, 'network')).toBe(null);
  });

  test('is the only one of the app: the variable of another counts for nothing', () => {
    expect(refusal({ OTHER_WORKERS: '4' })).toBe(null);
    checkDeployment({ cache: cacheOf('process'), env: { APP_WORKERS: '4' } });
  });

  test('is read from the environment of the process, unless another is given', () => {
    vi.stubEnv('APP_WORKERS', '4');
    const cache = new InMemorySessionCache();
    expect(() => checkDeployment({ cache, workersVariable })).toThrow('APP_WORKERS is "4"');
    checkDeployment({ cache, workersVariable, env: {} });
  });

  test('may be WEB_CONCURRENCY itself, which must be a number then', () => {
    const check = (WEB_CONCURRENCY: string) =>
      checkDeployment({
        cache: cacheOf('process'),
        env: { WEB_CONCURRENCY },
        workersVariable: 'WEB_CONCURRENCY',
      });
    check('1');
    expect(() => check('2')).toThrow(/\(WEB_CONCURRENCY is "2"\)/);
    expect(() => check('auto')).toThrow(
      expect.objectContaining({ code: 'ONEHOST_INVALID_WORKERS' }),
    );
  });
});

describe('the refusal', () => {
  test('says what was found, what would go wrong, and what to do', () => {
    const message = refusal({ APP_WORKERS: '4', WEB_CONCURRENCY: '3' });
    expect(message).toContain('(APP_WORKERS is "4"; WEB_CONCURRENCY is "3")');
    expect(message).toContain('A logout in one worker would not reach the others');
    expect(message).toContain('a session ended in one would go on living in the rest');
    expect(message).toContain('Use DatabaseSessionCache');
    expect(message).toContain('or run one worker: set APP_WORKERS to 1; set WEB_CONCURRENCY to 1.');
  });

  test('asks what the cache can do, and not what it is', () => {
    const env = { WEB_CONCURRENCY: '2' };
    checkDeployment({ cache: new NoOpSessionCache(), env });
    expect(() => checkDeployment({ cache: new InMemorySessionCache(), env })).toThrow();
    const cache = new InMemorySessionCache();
    const shared = { capabilities: { ...cache.capabilities, reach: 'host' as const } };
    checkDeployment({ cache: Object.setPrototypeOf(shared, cache), env });
  });

  test.each([
    ['an unknown option', { cache: cacheOf('host'), workersvariable: 'A' }, /"workersVariable"/],
    ['no options', undefined, /needs an object of options/],
    ['no cache', {}, /cache\.capabilities\.reach/],
    ['a cache of unheard-of reach', { cache: { capabilities: { reach: 'galaxy' } } }, /"galaxy"/],
    ['an empty name', { cache: cacheOf('host'), workersVariable: '' }, /an empty string/],
    ['a number for a name', { cache: cacheOf('host'), workersVariable: 4 }, /a number/],
  ])('is of another kind for %s', (_, options, message) => {
    const check = () => checkDeployment(options as never);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: 'ONEHOST_INVALID_OPTION' }));
  });
});

describe('WEB_CONCURRENCY', () => {
  test('passes when it is unset, empty or 1', () => {
    expect(refusal({ WEB_CONCURRENCY: '' })).toBe(null);
    expect(refusal({ WEB_CONCURRENCY: '1' })).toBe(null);
  });

  test('above 1 is unsafe, though the app’s own variable is 1', () => {
    expect(refusal({ WEB_CONCURRENCY: '2' })).toContain('WEB_CONCURRENCY is "2"');
    expect(refusal({ WEB_CONCURRENCY: '2', APP_WORKERS: '1' })).toContain('set WEB_CONCURRENCY');
    expect(refusal({ WEB_CONCURRENCY: '2' }, ALONE, 'host')).toBe(null);
  });

  test.each(['auto', 'max', '0', '-1', '1.0'])(
    '"%s" is no mistake, but unsafe unless the app’s own variable says one',
    (value) => {
      expect(refusal({ WEB_CONCURRENCY: value })).toContain(`WEB_CONCURRENCY is "${value}"`);
      expect(refusal({ WEB_CONCURRENCY: value, APP_WORKERS: '1' })).toBe(null);
      expect(refusal({ WEB_CONCURRENCY: value }, ALONE, 'host')).toBe(null);
    },
  );
});

describe('PM2', () => {
  test('one instance passes, in fork mode and in cluster mode', () => {
    expect(refusal(pm2({ instances: '1', exec_mode: 'fork_mode' }))).toBe(null);
    expect(refusal(pm2({ instances: '1', exec_mode: 'cluster_mode' }), WORKER)).toBe(null);
  });

  test('several instances are unsafe, in fork mode too', () => {
    const forked = refusal(pm2({ instances: '2', exec_mode: 'fork_mode' }));
    expect(forked).toContain('(PM2 was told instances "2")');
    expect(forked).toContain('"pm2 delete" the app and start it without -i');
    const env = pm2({ instances: '2', exec_mode: 'cluster_mode', NODE_APP_INSTANCE: '1' });
    expect(refusal(env, WORKER)).toContain('PM2 was told instances "2"');
    expect(refusal({ ...env, APP_WORKERS: '1' }, WORKER)).toContain('instances "2"');
    expect(refusal(env, WORKER, 'host')).toBe(null);
  });

  test('an instance that was added by "pm2 scale" is unsafe, though PM2 was told one', () => {
    const env = pm2({ instances: '1', exec_mode: 'cluster_mode', NODE_APP_INSTANCE: '1' });
    expect(refusal(env, WORKER)).toContain(
      'PM2 numbered this instance 1, counting from 0 (NODE_APP_INSTANCE)',
    );
  });

  test('the number is found under another name too', () => {
    const env = pm2({ instances: '1', exec_mode: 'fork_mode', instance_var: 'N' });
    expect(refusal({ ...env, N: '1', NODE_APP_INSTANCE: 'blue' })).toContain('counting from 0 (N)');
    expect(refusal({ ...env, N: '0', NODE_APP_INSTANCE: '1' })).toBe(null);
    expect(refusal({ pm_id: '1', NODE_APP_INSTANCE: '1' })).toContain('(NODE_APP_INSTANCE)');
  });

  test('after "pm2 resurrect", which drops the number, a cluster worker is unsafe', () => {
    const env = pm2({ exec_mode: 'cluster_mode' });
    expect(refusal(env, WORKER)).toContain('a worker of node:cluster');
    expect(refusal({ ...env, APP_WORKERS: '1' }, WORKER)).toBe(null);
    const second = pm2({ exec_mode: 'cluster_mode', NODE_APP_INSTANCE: '1', APP_WORKERS: '1' });
    expect(refusal(second, WORKER)).toContain('PM2 numbered this instance 1');
  });

  test('that started one primary says nothing of the workers that it forks', () => {
    const inherited = pm2({ instances: '1', exec_mode: 'fork_mode' });
    expect(refusal(inherited, WORKER)).toContain('a worker of node:cluster');
  });

  test('is not believed to be there by names that others use', () => {
    expect(refusal({ instances: '4', NODE_APP_INSTANCE: '3' })).toBe(null);
    expect(refusal({ PM2_HOME: '/root/.pm2' })).toBe(null);
    expect(refusal({ instances: '1', exec_mode: 'cluster_mode' }, WORKER)).not.toBe(null);
  });
});

describe('node:cluster', () => {
  test('a worker is unsafe, since it cannot see the others', () => {
    const message = refusal({}, WORKER);
    expect(message).toContain('(this process is a worker of node:cluster)');
    expect(message).toContain('fork no other worker, and set APP_WORKERS to 1 to say so');
    expect(() => checkDeploymentIn(WORKER, { cache: cacheOf('process'), env: {} })).toThrow(
      'set WEB_CONCURRENCY to 1 to say so',
    );
    expect(refusal({}, WORKER, 'host')).toBe(null);
  });

  test('a worker passes when a variable says that it is the only one', () => {
    expect(refusal({ APP_WORKERS: '1' }, WORKER)).toBe(null);
    expect(refusal({ WEB_CONCURRENCY: '1' }, WORKER)).toBe(null);
    expect(refusal({ APP_WORKERS: '1', WEB_CONCURRENCY: '2' }, WORKER)).not.toBe(null);
  });

  test('a primary is unsafe with its second worker, whatever a variable says', () => {
    expect(refusal({}, { isWorker: false, forked: 1 })).toBe(null);
    for (const env of [{}, { APP_WORKERS: '1' }]) {
      const message = refusal(env as Env, { isWorker: false, forked: 2 });
      expect(message).toContain('this process has forked 2 workers by node:cluster');
      expect(message).toContain('run one worker: fork one worker.');
    }
  });

  test('a primary that has forked one worker does not say that it is the only one', () => {
    const env = { WEB_CONCURRENCY: 'auto' };
    expect(refusal(env, { isWorker: false, forked: 1 })).toContain('WEB_CONCURRENCY is "auto"');
  });
});

describe('in real processes', () => {
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function reports(order: ClusterOrder, env: Env = {}): Promise<ClusterReport> {
    const program = fileURLToPath(new URL('./cluster-workers.ts', import.meta.url));
    const child = fork(program, [JSON.stringify(order)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], ...env },
    });
    children.push(child);
    const [report] = (await once(child, 'message')) as [ClusterReport];
    return report;
  }

  test('both workers of node:cluster are refused, and so is their primary', async () => {
    const report = await reports({ workers: 2, cache: 'memory' });
    const unsafe = 'ONEHOST_UNSAFE_DEPLOYMENT';
    expect(report).toEqual({ before: 'passes', after: unsafe, workers: [unsafe, unsafe] });
  });

  test('workers whose cache reaches the host pass', async () => {
    const report = await reports({ workers: 2, cache: 'shared' });
    expect(report).toEqual({ before: 'passes', after: 'passes', workers: ['passes', 'passes'] });
  });

  test('the only worker passes when the app’s variable says so', async () => {
    const report = await reports({ workers: 1, cache: 'memory' }, { APP_WORKERS: '1' });
    expect(report).toEqual({ before: 'passes', after: 'passes', workers: ['passes'] });
  });

  test('a fork that is no worker of node:cluster passes', async () => {
    const report = await reports({ workers: 0, cache: 'memory' });
    expect(report).toEqual({ before: 'passes', after: 'passes', workers: [] });
  });
});
