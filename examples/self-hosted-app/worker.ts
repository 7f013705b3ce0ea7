import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createApp } from './app.ts';
import { createBackgroundJobs } from './background-jobs.ts';
import { openAppDatabase } from './database.ts';
import { createJobRoutes } from './job-routes.ts';
import { LoginStatistics } from './login-statistics.ts';
import { Logins } from './logins.ts';
import { isHttps } from './middleware.ts';
import { openBackends } from './session-cache.ts';
import { SessionCookie } from './session-cookie.ts';
import { Sessions } from './sessions.ts';
import { readSettings } from './settings.ts';
import { Users } from './users.ts';

/** How long requests under way may go on after the app was told to stop. */
const DRAIN_SECONDS = 5;

const settings = readSettings(process.env);
const { APP_COOKIE_SECRET: secret, APP_WORKER: number } = process.env;
if (secret === undefined || number === undefined) {
  throw new Error('A worker is started by main.ts: run that instead.');
}
const worker = Number(number);

const appDatabase = openAppDatabase(settings.folder);
const backends = await openBackends(settings, process.env);
const logins = new Logins(appDatabase);
const statistics = new LoginStatistics(appDatabase);
const scheduler = createBackgroundJobs({ settings, backends, logins, statistics, worker });

const app = createApp({
  users: new Users(appDatabase),
  sessions: new Sessions(logins, backends.sessions, settings.sessionSeconds),
  cookie: new SessionCookie({ secret, secure: isHttps(settings.publicOrigin) }),
  jobRoutes: createJobRoutes({ backends, statistics, worker }),
  worker,
  publicOrigin: settings.publicOrigin,
});

// Longer than a reverse proxy keeps an idle connection, so that it is never the one to find it closed.
const server = createServer({ keepAliveTimeout: 75_000 }, getRequestListener(app.fetch));
server.listen(settings.port, settings.host);
scheduler.start();

process.on('SIGTERM', () => void stop());
// Ctrl-C reaches every process of the terminal; main.ts tells the workers when to stop.
process.on('SIGINT', () => {});
let stopping = false;

/** From the outside in: no more requests and ticks, then the sessions and leases that they use, then the app's own file. */
async function stop(): Promise<void> {
  // A service manager may send the signal to every process, and main.ts sends it again.
  if (stopping) return;
  stopping = true;
  setTimeout(() => server.closeAllConnections(), DRAIN_SECONDS * 1000).unref();
  const served = new Promise((resolve) => server.close(resolve));
  await Promise.all([served, scheduler.stop()]);
  await backends.close();
  appDatabase.close();
  cluster.worker?.disconnect();
}
