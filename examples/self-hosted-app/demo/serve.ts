import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { AppProcess } from './app-process.ts';
import { sharedPlace } from './shared-place.ts';

/** Runs the app for somebody to look at, until Ctrl-C. */
export async function serve(options: {
  readonly mainFile: string;
  readonly folder: string;
  readonly interrupted: AbortSignal;
}): Promise<void> {
  const { mainFile, folder, interrupted } = options;
  const user = 'ada';
  const password = randomBytes(6).toString('base64url');
  const app = new AppProcess({
    mainFile,
    settings: {
      APP_FOLDER: folder,
      APP_PORT: process.env['PORT'] ?? '0',
      APP_USER: user,
      APP_PASSWORD: password,
      ...sharedPlace(process.env).settings,
    },
    signal: interrupted,
  });
  const { origin } = await app.url();
  console.log(`
  address    ${origin}
  user       ${user}
  password   ${password}

Open it in two browsers, and sign one out from the other. Once logged in, see at
${origin}/jobs which process runs the background jobs. Ctrl-C ends it.`);
  if (!interrupted.aborted) await Promise.race([once(interrupted, 'abort'), app.ended]);
  if (!interrupted.aborted) throw new Error(`The app ended by itself.\n${app.output.last(20)}`);
  await app.stop();
}
