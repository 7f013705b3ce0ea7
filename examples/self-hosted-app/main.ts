/**
 * The app: this process makes sure that it is the only instance, starts the workers, and stops them when it is told to, or
 * when another instance has taken its place. It answers no requests itself.
 */
import { claimSingleInstance, DatabaseLeaseStore, isOnehostError, openDatabase } from 'onehost';
import { onehostFile } from './database.ts';
import { makeFolder, prepareFolder } from './first-start.ts';
import { createStatisticsTable } from './login-statistics.ts';
import { Refusal } from './refusal.ts';
import { checkSessionCache } from './session-cache.ts';
import { readSettings, type Settings } from './settings.ts';
import { Workers } from './workers.ts';

const stopping = new AbortController();
process.on('SIGTERM', () => stop('it was told to, by SIGTERM.'));
process.on('SIGINT', () => stop('it was told to, by SIGINT.'));
// Started by another program over a channel (PM2, the demo): when that is gone, so is the app.
process.on('disconnect', () => stop('the program that started it is gone.'));

try {
  await run(readSettings(process.env));
} catch (error) {
  if (error !== stopping.signal.reason) {
    const isForPeople = error instanceof Refusal || isOnehostError(error);
    console.error(isForPeople ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  if (process.connected) process.disconnect();
}

/** What is made last is ended first: the workers, then the claim, then the file that it is in. */
async function run(settings: Settings): Promise<void> {
  const { folder, host, version } = settings;
  makeFolder(folder);
  await using database = await openDatabase(onehostFile(folder));
  await checkSessionCache(settings, database, process.env);

  const leases = new DatabaseLeaseStore(database, { appVersion: version });
  await using claim = await claimSingleInstance(leases, {
    name: 'self-hosted-app',
    waitSeconds: settings.waitSeconds,
    signal: stopping.signal,
  });
  // From here on there is no other instance: nobody else makes tables or a first user, or has the port.
  claim.transaction(createStatisticsTable);
  const workers = new Workers({
    count: settings.workers,
    env: { APP_COOKIE_SECRET: await prepareFolder(folder, process.env) },
    onReady: (port) => announce(settings, `http://${host}:${port}`),
  });
  const why = await workers.run(AbortSignal.any([stopping.signal, claim.signal]));
  // The claim was lost, or a worker did not start: a service manager must see that this end was not meant.
  if (why !== stopping.signal.reason) process.exitCode = 1;
}

function announce({ workers, sessionCache }: Settings, url: string): void {
  console.log(`Ready: ${url} (${workers} workers, sessions: ${sessionCache})`);
  process.send?.({ ready: url });
}

function stop(why: string): void {
  stopping.abort(new Refusal(why));
}
