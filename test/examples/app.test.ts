import SqliteConnection from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createApp } from '../../examples/self-hosted-app/app.ts';
import { openAppDatabase } from '../../examples/self-hosted-app/database.ts';
import { prepareFolder } from '../../examples/self-hosted-app/first-start.ts';
import { createJobRoutes } from '../../examples/self-hosted-app/job-routes.ts';
import { LoginStatistics } from '../../examples/self-hosted-app/login-statistics.ts';
import { Logins } from '../../examples/self-hosted-app/logins.ts';
import { SessionCookie } from '../../examples/self-hosted-app/session-cookie.ts';
import { type AppSession, Sessions } from '../../examples/self-hosted-app/sessions.ts';
import { Users } from '../../examples/self-hosted-app/users.ts';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  openDatabase,
} from '../../src/index.ts';
import { withConnection } from '../support/sqlite-file.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const login = { name: 'ada', password: 'a password' };

/** A worker of the app, in this process; `ask` sends it a request with this cookie. */
async function startWorker() {
  const folder = new TemporaryFolder();
  const file = folder.file('onehost.db');
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const env = { APP_USER: login.name, APP_PASSWORD: login.password };
  const secret = await prepareFolder(folder.path, env);
  const appDatabase = openAppDatabase(folder.path);
  const database = await openDatabase(file, { lockWaitSeconds: 0.05 });
  onTestFinished(() => {
    vi.restoreAllMocks();
    database.close();
    appDatabase.close();
    folder[Symbol.dispose]();
  });
  // It reads the file each time, as a process does that has just been started.
  const cache = new DatabaseSessionCache<AppSession>(database, { nearCacheEntries: 0 });
  const logins = new Logins(appDatabase);
  const leases = new DatabaseLeaseStore(database);
  const backends = { leases, ledger: new DatabaseJobLedger(database) };
  const app = createApp({
    users: new Users(appDatabase),
    sessions: new Sessions(logins, cache, 3600),
    cookie: new SessionCookie({ secret, secure: false }),
    jobRoutes: createJobRoutes({
      backends,
      statistics: new LoginStatistics(appDatabase),
      worker: 1,
    }),
    worker: 1,
    publicOrigin: undefined,
  });
  const ask = (method: 'GET' | 'POST', path: string, cookie = '', body: object = {}) =>
    app.request(path, {
      method,
      headers: { cookie, accept: 'application/json', 'content-type': 'application/json' },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    });
  const logIn = async (cookie?: string) => {
    const answer = await ask('POST', '/login', cookie, { ...login, keepOtherDevices: true });
    expect(answer.status).toBe(200);
    return answer.headers.get('set-cookie')?.split(';')[0] as string;
  };
  return { file, appDatabase, logins, errors, ask, logIn };
}

/** As a newer version of the app would have written them, before this one was put back in its place. */
function makeUnreadable(file: string): void {
  withConnection(file, (connection) => {
    const { changes } = connection.prepare("update onehost_sessions set payload = '{newer'").run();
    expect(changes).toBeGreaterThan(0);
  });
}

test('what ends a login in the store of record is on disk before the session is revoked', async () => {
  const { appDatabase, logins } = await startWorker();
  // Not before it has read something does SQLite know that the file is in WAL mode, which may take it to 1 (normal).
  logins.countLive();
  const full = 2;
  expect(appDatabase.pragma('synchronous', { simple: true })).toBe(full);
});

test.each(['logout', 'login'])(
  'what a %s ends reaches the store of record when the cache cannot be used, and is not said to be done',
  async (route) => {
    const { file, logins, errors, ask, logIn } = await startWorker();
    const cookie = await logIn();
    // Nobody else can write the sessions now: neither the one that a look-up would load, nor an invalidation.
    const writer = new SqliteConnection(file);
    onTestFinished(() => void writer.close());
    writer.exec('begin immediate');
    const body = { ...login, keepOtherDevices: true };
    const refused = await ask('POST', `/${route}`, cookie, body);
    writer.exec('rollback');
    expect(refused.status).toBe(500);
    expect(errors.mock.lastCall?.[1]).toMatchObject({ code: 'ONEHOST_DATABASE_BUSY' });
    expect(logins.countLive()).toBe(0);
    // The cookie stays, for the request to be repeated.
    expect(refused.headers.get('set-cookie')).toBeNull();
    const repeated = await ask('POST', `/${route}`, cookie, body);
    expect(repeated.status).toBe(200);
    expect(repeated.headers.get('set-cookie')).toMatch(/^session=/);
    expect((await ask('GET', '/me', cookie)).status).toBe(401);
  },
);

test('a logout ends a session that cannot be read', async () => {
  const { file, logins, ask, logIn } = await startWorker();
  const cookie = await logIn();
  expect((await ask('GET', '/me', cookie)).status).toBe(200);
  makeUnreadable(file);
  expect((await ask('POST', '/logout', cookie)).status).toBe(200);
  expect(logins.countLive()).toBe(0);
  expect((await ask('GET', '/me', cookie)).status).toBe(401);
});

test('a login takes the place of one whose session cannot be read', async () => {
  const { file, logins, ask, logIn } = await startWorker();
  const before = await logIn();
  expect((await ask('GET', '/me', before)).status).toBe(200);
  makeUnreadable(file);
  const cookie = await logIn(before);
  expect((await ask('GET', '/me', cookie)).status).toBe(200);
  expect((await ask('GET', '/me', before)).status).toBe(401);
  expect(logins.countLive()).toBe(1);
});

test('a session that cannot be read is loaded once more, and then remembered again', async () => {
  const { file, ask, logIn } = await startWorker();
  const cookie = await logIn();
  const loads = async () => {
    const answer = await ask('GET', '/me', cookie);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { loadsSinceStart: number }).loadsSinceStart;
  };
  expect(await loads()).toBe(1);
  makeUnreadable(file);
  expect(await loads()).toBe(2);
  expect(await loads()).toBe(2);
});

test('the device list is there although a session of another device cannot be read', async () => {
  const { file, ask, logIn } = await startWorker();
  const [laptop, phone] = [await logIn(), await logIn()];
  expect((await ask('GET', '/me', phone)).status).toBe(200);
  makeUnreadable(file);
  const answer = await ask('GET', '/devices', laptop);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toHaveLength(2);
  expect((await ask('GET', '/me', phone)).status).toBe(200);
});
