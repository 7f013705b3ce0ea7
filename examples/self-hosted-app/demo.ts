/**
 * Starts the app of this folder and uses it over real sockets, as people in front of browsers would.
 * Ends with exit code 1 when anything is not as it should be. `--serve` starts it for you to use.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compileApp } from './demo/compile-app.ts';
import { interruption } from './demo/interruption.ts';
import { playScenes } from './demo/play-scenes.ts';
import { logoutWithMemory, logoutWithSharedSessions } from './demo/scenes/logout.ts';
import { ownerKilled } from './demo/scenes/owner-killed.ts';
import { ownerStopped } from './demo/scenes/owner-stopped.ts';
import { restart } from './demo/scenes/restart.ts';
import { secondInstance } from './demo/scenes/second-instance.ts';
import { stolenDevice } from './demo/scenes/stolen-device.ts';
import { serve } from './demo/serve.ts';
import { removeSharedMemory } from './demo/shared-place.ts';

const SCENES = [
  logoutWithMemory,
  logoutWithSharedSessions,
  stolenDevice,
  restart,
  ownerKilled,
  ownerStopped,
  secondInstance,
];

const { values: options } = parseArgs({ options: { serve: { type: 'boolean', default: false } } });
const interrupted = interruption();
// Whoever pipes this into `head` reads no more; what was started is still to be ended.
process.stdout.on('error', () => {});

const folder = await mkdtemp(path.join(tmpdir(), 'onehost-demo-'));
try {
  const mainFile = await compileApp(interrupted);
  if (options.serve) await serve({ mainFile, folder, interrupted });
  else await playScenes(SCENES, { mainFile, folder, interrupted });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(interrupted.aborted ? '\nInterrupted.' : `\nThe demo failed: ${message}`);
  process.exitCode = interrupted.aborted ? 130 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
  removeSharedMemory();
}
