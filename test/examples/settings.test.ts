import { expect, onTestFinished, test, vi } from 'vitest';
import { sharedPlace } from '../../examples/self-hosted-app/demo/shared-place.ts';
import { makeFolder, prepareFolder } from '../../examples/self-hosted-app/first-start.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

test.each([{}, { APP_PASSWORD: '', APP_USER: '' }])(
  'the first user of the app has a password that nobody can guess: %j',
  async (env) => {
    using folder = new TemporaryFolder();
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const umask = process.umask();
    makeFolder(folder.path);
    process.umask(umask);
    await prepareFolder(folder.path, env);
    expect(log.mock.calls.join()).toMatch(/added the user "ada", password [\w-]{16}$/);
  },
);

test.each([
  [{}, 'database'],
  [{ ONEHOST_SESSION_CACHE: '' }, 'database'],
  [{ ONEHOST_SESSION_CACHE: 'shared-memory' }, 'shared-memory'],
  [{ ONEHOST_REDIS_URL: 'redis://host' }, 'redis'],
  [{ ONEHOST_DATABASE_URL: 'postgres://host/db' }, 'postgres'],
  [{ ONEHOST_DATABASE_URL: 'var/onehost.db' }, 'database'],
])('the demo takes its place as the app would: %j', (env, name) => {
  const place = sharedPlace(env);
  expect(place.name).toBe(name);
  const kind = (env as { ONEHOST_SESSION_CACHE?: string }).ONEHOST_SESSION_CACHE || undefined;
  expect(place.settings['APP_SESSION_CACHE']).toBe(kind);
});
