import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createApp } from './app.ts';
import { openAppDatabase } from './database.ts';
import { Logins } from './logins.ts';
import { isHttps } from './middleware.ts';
import { openSessionCache } from './session-cache.ts';
import { SessionCookie } from './session-cookie.ts';
import { Sessions } from './sessions.ts';
import { readSettings } from './settings.ts';
import { Users } from './users.ts';

/** How long requests under way may go on after the app was told to stop. */
const DRAIN_SECONDS = 5;

const settings = readSettings(process.env);
const { APP_COOKIE_SECRET: secret, APP_WORKER: worker } = process.env;
if (secret === undefined || worker === undefined) {
  throw new Error('A worker is started by main.ts: run that instead.');
}

const database = openAppDatabase(settings.folder);
const sessionCache = await openSessionCache(settings);
const app = createApp({
  users: new Users(database),
  sessions: new Sessions(new Logins(database), sessionCache.cache, settings.sessionSeconds),
  cookie: new SessionCookie({ secret, secure: isHttps(settings.publicOrigin) }),
  worker: Number(worker),
  publicOrigin: settings.publicOrigin,
});

// Longer than a reverse proxy keeps an idle connection, so that it is never the one to find it closed.
const server = createServer({ keepAliveTimeout: 75_000 }, getRequestListener(app.fetch));
server.listen(settings.port, settings.host);

process.on('SIGTERM', stop);
// Ctrl-C reaches every process of the terminal; main.ts tells the workers when to stop.
process.on('SIGINT', () => {});
let stopping = false;

/** From the outside in: no more requests, then the cache they use, then the databases below it. */
function stop(): void {
  // A service manager may send the signal to every process, and main.ts sends it again.
  if (stopping) return;
  stopping = true;
  server.close(async () => {
    await sessionCache.close();
    database.close();
    cluster.worker?.disconnect();
  });
  setTimeout(() => server.closeAllConnections(), DRAIN_SECONDS * 1000).unref();
}
