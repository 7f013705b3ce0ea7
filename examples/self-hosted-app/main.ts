/**
 * The app: this process makes sure that it is the only instance, starts the workers, and stops them when it is told to, or
 * when another instance has taken its place. It answers no requests itself.
 */
import { claimSingleInstance, isOnehostError, type SessionCacheKind } from 'onehost';
import { makeFolder, prepareFolder } from './first-start.ts';
import { Refusal } from './refusal.ts';
import { openBackends } from './session-cache.ts';
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

/** What is made last is ended first: the workers, then the claim, then what it is kept in. */
async function run(settings: Settings): Promise<void> {
  const { folder, host } = settings;
  makeFolder(folder);
  await using backends = await openBackends(settings, process.env);
  await using claim = await claimSingleInstance(backends.leases, {
    name: 'self-hosted-app',
    waitSeconds: settings.waitSeconds,
    signal: stopping.signal,
  });
  // From here on there is no other instance: nobody else makes tables or a first user, or has the port.
  const workers = new Workers({
    count: settings.workers,
    env: { APP_COOKIE_SECRET: await prepareFolder(folder, process.env) },
    onReady: (port) => announce(settings, backends.kind, `http://${host}:${port}`),
  });
  const why = await workers.run(AbortSignal.any([stopping.signal, claim.signal]));
  // The claim was lost, or a worker did not start: a service manager must see that this end was not meant.
  if (why !== stopping.signal.reason) process.exitCode = 1;
}

function announce({ workers }: Settings, kind: SessionCacheKind, url: string): void {
  console.log(`Ready: ${url} (${workers} workers, sessions: ${kind})`);
  process.send?.({ ready: url });
}

function stop(why: string): void {
  stopping.abort(new Refusal(why));
}
