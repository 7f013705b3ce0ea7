import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DatabaseLeaseStore, openDatabase } from '../../src/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const mainFile = fileURLToPath(
  new URL('../../examples/self-hosted-app/dist/main.js', import.meta.url),
);

let demo: { readonly stdout: string; readonly stderr: string; readonly status: number | null };

// It also compiles the app, which the tests below start by themselves.
beforeAll(() => {
  demo = spawnSync('npm', ['run', '--silent', 'demo'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    encoding: 'utf8',
    timeout: 240_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}, 250_000);

describe('the demo', () => {
  test('goes as it should, to its end', () => {
    expect(demo.stdout).toMatch(/All 7 scenes went as they should/);
    expect(demo.status, demo.stderr).toBe(0);
  });

  test('shows the problem, that the app refuses to have it, and that it is gone', () => {
    expect(demo.stdout).toContain('the app refuses to run like that, with exit code 1');
    expect(demo.stdout).toContain('three of four workers do not know it');
    expect(demo.stdout).toContain('every worker refuses the very next request');
  });

  test('kills the owner of the jobs, whose ticks go on elsewhere', () => {
    expect(demo.stdout).toMatch(/taken over \d+ ms after the kill \(holder-died\)/);
    expect(demo.stdout).toMatch(/worker \d was started again/);
    expect(demo.stdout).toContain('No second was counted twice');
  });

  test('stops the owner of the jobs, whose late write is refused', () => {
    expect(demo.stdout).toMatch(/taken over \d+ ms after the stop \(expired/);
    expect(demo.stdout).toMatch(/│ Worker \d, job "login-statistics": The lease "scheduler"/);
    expect(demo.stdout).toMatch(/:\d\d abandoned/);
    expect(demo.stdout).toContain('Whoever was replaced cannot write any more');
  });

  test('starts a second instance, which is refused, and runs once the first has left', () => {
    expect(demo.stdout).toContain('on the same files, it refuses with exit code 1');
    expect(demo.stdout).toContain('│ This instance could not claim "self-hosted-app"');
    expect(demo.stdout).toContain('│ Waiting for another instance of the app to leave');
    expect(demo.stdout).toContain('Of all that are started one runs');
  });
});

describe('the app', () => {
  interface Start {
    readonly child: ChildProcess;
    readonly errors: Promise<string>;
    readonly ended: Promise<unknown[]>;
  }

  function start(settings: Readonly<Record<`APP_${string}`, string>>): Start {
    const env = { ...process.env, APP_PORT: '0', APP_WORKERS: '1', ...settings };
    const child = fork(mainFile, { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const errors = child.stderr === null ? Promise.resolve('') : text(child.stderr);
    return { child, errors, ended: once(child, 'exit') };
  }

  test('stops by itself when its claim was taken, and tells so by its exit code', async () => {
    using folder = new TemporaryFolder();
    const { child, ended } = start({ APP_FOLDER: folder.path });
    await once(child, 'message');
    await using database = await openDatabase(folder.file('onehost.db'));
    const leases = new DatabaseLeaseStore(database);
    const claim = leases.list().find(({ name }) => name === 'self-hosted-app');
    const holder = claim?.holder;
    if (!holder) throw new Error('It has claimed nothing.');
    expect(holder.processId).toBe(child.pid);
    leases.steal({ ...claim, holder });
    expect(await ended).toEqual([1, null]);
  });

  test('says what is wrong with a setting, and nothing else', async () => {
    using folder = new TemporaryFolder();
    const { errors, ended } = start({ APP_FOLDER: folder.path, APP_WAIT_SECONDS: '3' });
    expect(await ended).toEqual([1, null]);
    expect(await errors).toBe(
      'APP_WAIT_SECONDS must be 0, or an integer from 7 to 3600, but is "3".\n',
    );
  });
});
