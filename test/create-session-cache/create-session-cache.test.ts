import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type CreateSessionCacheOptions,
  createSessionCache,
  Scheduler,
  type UnsafeDeploymentError,
} from '../../src/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** With an environment of these variables alone. */
async function create(
  variables: Record<string, string>,
  options: Partial<CreateSessionCacheOptions> = {},
) {
  const folder = new TemporaryFolder();
  const backends = await createSessionCache({
    prefix: 'APP',
    env: variables,
    databaseFile: folder.file('onehost.db'),
    ...options,
  });
  onTestFinished(async () => {
    await backends.close();
    folder[Symbol.dispose]();
  });
  return { folder, ...backends };
}

function refusal(code: string, ...words: string[]) {
  return expect.objectContaining({
    code,
    message: expect.stringMatching(new RegExp(words.join('.*'), 's')),
  });
}

describe('the place that is chosen', () => {
  test('is an SQLite file when nothing is set, or set to nothing', async () => {
    for (const variables of [{}, { APP_SESSION_CACHE: '', APP_REDIS_URL: '' }]) {
      const { kind, sessions, folder } = await create(variables);
      expect(kind).toBe('database');
      expect(sessions.capabilities).toMatchObject({ reach: 'host', persistent: true });
      expect(existsSync(folder.file('onehost.db'))).toBe(true);
    }
  });

  test('is the file that APP_DATABASE_URL names', async () => {
    using folder = new TemporaryFolder();
    const own = await create({ APP_DATABASE_URL: folder.file('own.db') });
    expect(own.kind).toBe('database');
    expect(existsSync(folder.file('own.db'))).toBe(true);
    expect(existsSync(own.folder.file('onehost.db'))).toBe(false);
    await own.close();
  });

  test.each([
    ['memory', { reach: 'process', retains: true }],
    ['none', { reach: 'network', retains: false }],
  ] as const)('%s leaves leases and jobs in the file', async (kind, capabilities) => {
    const made = await create({ APP_SESSION_CACHE: kind });
    expect(made.kind).toBe(kind);
    expect(made.sessions.capabilities).toMatchObject(capabilities);
    expect(made.leases.capabilities).toMatchObject({ reach: 'host', transactions: true });
    expect(existsSync(made.folder.file('onehost.db'))).toBe(true);
  });

  test('shared-memory is shared by those who share the file, and by nobody else', async () => {
    const variables = { APP_SESSION_CACHE: 'shared-memory' };
    const one = await create(variables);
    const same = await create(variables, { databaseFile: one.folder.file('onehost.db') });
    const other = await create(variables);
    onTestFinished(() => {
      for (const { folder } of [one, other]) removeMemoryOf(folder.file('onehost.db'));
    });
    expect(one.sessions.capabilities).toMatchObject({ reach: 'host', persistent: false });
    await one.sessions.set('token', { userId: 7 }, 60);
    expect(await same.sessions.get('token')).toEqual({ userId: 7 });
    expect(await other.sessions.get('token')).toBeNull();
    await same.sessions.invalidate('token');
    expect(await one.sessions.get('token')).toBeNull();
  });

  test('has leases and a ledger that a scheduler runs on', async () => {
    const { leases, ledger } = await create({ APP_SESSION_CACHE: 'none' });
    const scheduler = new Scheduler({ leases, ledger });
    const ran = new Promise<number>((resolve) => {
      scheduler.add({
        name: 'job',
        everySeconds: 0.1,
        run: ({ fencingToken }) => resolve(fencingToken),
      });
    });
    scheduler.start();
    expect(await ran).toBeGreaterThan(0);
    await scheduler.stop();
    expect((await ledger.runs('job')).length).toBeGreaterThan(0);
  });
});

test('what was opened for shared memory is not left open when something else is refused', async () => {
  using folder = new TemporaryFolder();
  const databaseFile = folder.file('onehost.db');
  const variables = { APP_SESSION_CACHE: 'shared-memory' };
  await expect(create(variables, { databaseFile, appVersion: 'x'.repeat(201) })).rejects.toThrow(
    refusal('ONEHOST_INVALID_OPTION', 'appVersion'),
  );
  expect(existsSync(memoryOf(databaseFile))).toBe(false);
});

function memoryOf(file: string): string {
  const place = createHash('sha256').update(file).digest('hex').slice(0, 12);
  return `/dev/shm/onehost-${process.geteuid?.()}-app-${place}`;
}

/** It stays until the machine is restarted. */
function removeMemoryOf(file: string): void {
  const memory = memoryOf(file);
  expect(existsSync(memory)).toBe(true);
  rmSync(memory, { recursive: true });
}

describe('what cannot be meant is refused, with what is allowed', () => {
  test.each<[Record<string, string>, ...string[]]>([
    [{ APP_SESSION_CACHE: 'memcached' }, '"memory", "database", .*"none"', 'is "memcached"'],
    [{ APP_SESSION_CACHE: 'Redis' }, '"redis"', 'is "Redis"'],
    [{ APP_SESSION_CACHE: 'redis' }, 'APP_REDIS_URL', 'redis://host', 'is not set'],
    [{ APP_REDIS_URL: 'localhost:6379' }, 'APP_REDIS_URL', 'begins with "localhost:"'],
    [{ APP_REDIS_URL: 'http://user:secret@host' }, 'rediss://', 'begins with "http:"'],
    [{ APP_REDIS_URL: 'redis://:secret@host/sessions' }, 'APP_REDIS_URL', 'number of a database'],
    [{ APP_REDIS_URL: 'redis://:#secret@host' }, 'APP_REDIS_URL', '# as %23'],
    [{ APP_REDIS_URL: 'redis://:%secret@host' }, 'APP_REDIS_URL', '% as %25', '"redis:"'],
    [{ APP_DATABASE_URL: 'postgres://u:#secret@host/db' }, 'APP_DATABASE_URL', '# as %23'],
    [{ APP_SESSION_CACHE: 'postgres' }, 'APP_DATABASE_URL', 'postgres://', 'is not set'],
    [
      { APP_SESSION_CACHE: 'postgres', APP_DATABASE_URL: 'var/a.db' },
      'APP_DATABASE_URL',
      'something else',
    ],
    [
      { APP_SESSION_CACHE: 'database', APP_DATABASE_URL: 'postgres://u:secret@host/db' },
      'APP_SESSION_CACHE to "postgres"',
    ],
    [{ APP_DATABASE_URL: 'postgres:/u:secret@host/db' }, 'APP_DATABASE_URL', '"postgres:"'],
    [{ APP_DATABASE_URL: 'user:secret@host/db' }, 'path of an SQLite file', '"user:"'],
    [{ APP_DATABASE_URL: 'mysql://u:secret@host/db' }, 'APP_DATABASE_URL', '"mysql:"'],
    [
      { APP_REDIS_URL: 'redis://host', APP_DATABASE_URL: 'postgres://u:secret@host/db' },
      'a server each',
      'APP_SESSION_CACHE to "redis" or "postgres"',
    ],
  ])('%j', async (variables, ...words) => {
    const refused = create(variables);
    await expect(refused).rejects.toThrow(refusal('ONEHOST_INVALID_SETTING', ...words));
    await expect(refused).rejects.not.toThrow(/secret/);
  });

  test.each<[string, Record<string, string>, ...string[]]>([
    ['app', { APP_REDIS_URL: 'redis://:secret@host' }, 'APP_REDIS_URL is set', 'app_REDIS_URL'],
    ['APP', { App_Session_Cache: 'memory' }, 'App_Session_Cache is set', 'APP_SESSION_CACHE'],
    ['APP', { app_workers: '4' }, 'app_workers is set', 'APP_WORKERS'],
  ])('with the prefix %s, %j in another case', async (prefix, variables, ...words) => {
    const refused = create(variables, { prefix });
    await expect(refused).rejects.toThrow(refusal('ONEHOST_INVALID_SETTING', ...words));
    await expect(refused).rejects.not.toThrow(/secret/);
  });

  test('but not what is set to nothing in another case, or beside the one that is read', async () => {
    const variables = { app_redis_url: '', APP_SESSION_CACHE: 'none', app_session_cache: 'redis' };
    expect((await create(variables)).kind).toBe('none');
  });

  test('a prefix that is too long for a name, so that two apps do not share what they keep', async () => {
    const prefix = 'ACME_INTERNAL_CUSTOMER_PORTAL_EU';
    await expect(create({}, { prefix })).rejects.toThrow(
      refusal('ONEHOST_INVALID_OPTION', 'at most|1 to 30', 'name', 'prefix'),
    );
    expect((await create({}, { prefix, name: 'portal_eu' })).kind).toBe('database');
  });

  test.each(['', 'A B', 'APP-', 'APP_', '1', 7])('the prefix %j', async (prefix) => {
    await expect(createSessionCache({ prefix: prefix as string, env: {} })).rejects.toThrow(
      refusal('ONEHOST_INVALID_OPTION', 'prefix'),
    );
  });

  test.each(['', 'App', '1a', 'a-b', 'a'.repeat(31), 7])('the name %j', async (name) => {
    await expect(create({}, { name: name as string })).rejects.toThrow(
      refusal('ONEHOST_INVALID_OPTION', 'name'),
    );
  });

  test('a server for the app’s own tables does not disturb sessions that are kept elsewhere', async () => {
    const { kind } = await create({
      APP_SESSION_CACHE: 'none',
      APP_DATABASE_URL: 'postgres://u:p@host/db',
    });
    expect(kind).toBe('none');
  });
});

describe('the deployment', () => {
  const several = { APP_SESSION_CACHE: 'memory', APP_WORKERS: '4' };

  test('of several processes with a memory each is refused, and nothing stays open', async () => {
    using folder = new TemporaryFolder();
    const databaseFile = folder.file('onehost.db');
    await expect(create(several, { databaseFile })).rejects.toThrow(
      refusal('ONEHOST_UNSAFE_DEPLOYMENT', 'APP_WORKERS is "4"'),
    );
    // The last one to close a database takes its -wal along.
    expect(existsSync(`${databaseFile}-wal`)).toBe(false);
  });

  test('that is wanted all the same is told, and goes on', async () => {
    const told: UnsafeDeploymentError[] = [];
    const { kind } = await create(several, { onUnsafeDeployment: (error) => told.push(error) });
    expect(kind).toBe('memory');
    expect(told).toEqual([refusal('ONEHOST_UNSAFE_DEPLOYMENT')]);
  });

  test('that is refused by what it is told to leaves nothing open', async () => {
    using folder = new TemporaryFolder();
    const databaseFile = folder.file('onehost.db');
    const onUnsafeDeployment = () => {
      throw new Error('not here');
    };
    await expect(create(several, { databaseFile, onUnsafeDeployment })).rejects.toThrow('not here');
    expect(existsSync(`${databaseFile}-wal`)).toBe(false);
  });

  test('of several processes with one file passes, and APP_WORKERS must be a number', async () => {
    expect((await create({ APP_WORKERS: '4' })).kind).toBe('database');
    await expect(create({ APP_WORKERS: 'many' })).rejects.toThrow(
      refusal('ONEHOST_INVALID_WORKERS', 'APP_WORKERS'),
    );
  });
});

test('closing it again does nothing, and its parts say that they were closed', async () => {
  const { sessions, leases, close } = await create({});
  await close();
  await close();
  await expect(sessions.get('token')).rejects.toThrow(refusal('ONEHOST_CACHE_CLOSED'));
  await expect(async () => leases.tryAcquire('a')).rejects.toThrow(
    refusal('ONEHOST_LEASE_STORE_CLOSED'),
  );
});

test('what is not chosen need not be installed, and what is chosen says how to install it', () => {
  using folder = new TemporaryFolder();
  const environments = [
    {},
    { APP_SESSION_CACHE: 'memory' },
    { APP_SESSION_CACHE: 'shared-memory' },
    { APP_REDIS_URL: 'redis://127.0.0.1:1' },
    { APP_DATABASE_URL: 'postgres://127.0.0.1:1/db' },
  ];
  const program = fileURLToPath(new URL('./without-peers.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', program, folder.file('a.db'), JSON.stringify(environments)],
    { encoding: 'utf8' },
  );
  const missing = (name: string) => ({
    code: 'ONEHOST_PEER_MISSING',
    message: expect.stringContaining(`npm install ${name}`),
    cause: expect.stringContaining(`Cannot find package ${name}`),
  });
  expect(JSON.parse(stdout || stderr)).toEqual([
    'database',
    'memory',
    missing('lmdb'),
    missing('redis'),
    missing('pg'),
  ]);
});
