import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { startApp } from './start-app.ts';

/** Runs the app for somebody to look at, until Ctrl-C. */
export async function serve(options: {
  readonly mainFile: string;
  readonly folder: string;
  readonly interrupted: AbortSignal;
}): Promise<void> {
  const { mainFile, folder, interrupted } = options;
  const user = 'ada';
  const password = randomBytes(6).toString('base64url');
  const app = await startApp({
    mainFile,
    folder,
    sessionCache: 'database',
    user,
    password,
    port: process.env['PORT'],
    signal: interrupted,
  });
  console.log(`
  address    ${app.url.origin}
  user       ${user}
  password   ${password}

Open it in two browsers, and sign one out from the other. Ctrl-C ends it.`);
  if (!interrupted.aborted) await Promise.race([once(interrupted, 'abort'), app.ended]);
  if (!interrupted.aborted) throw new Error(`The app ended by itself.\n${app.lastOutput()}`);
  await app.stop();
}
