import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Browser, type Credentials, type Network } from './browser.ts';
import { type RunningApp, startApp } from './start-app.ts';
import { Timeline } from './timeline.ts';
import { type DemoRequest, type DemoResponse, WorkerConnections } from './worker-connections.ts';

/** One thing to see. Its `play` throws when the app does not do what it should. */
export interface Scene {
  readonly title: string;
  readonly sessionCache: 'database' | 'memory';
  play(stage: Stage): Promise<void>;
}

interface Surroundings {
  readonly mainFile: string;
  /** Empty, and removed by whoever made it. */
  readonly folder: string;
  readonly interrupted: AbortSignal;
}

/** Nothing here takes long; what hangs is cut off. */
const LIMIT_SECONDS = 180;

export async function playScenes(
  scenes: readonly Scene[],
  surroundings: Surroundings,
): Promise<void> {
  const timeline = new Timeline(process.stdout);
  const stage = new Stage(timeline, surroundings);
  timeline.begin('One app: 4 worker processes behind one port, asked over real sockets.');
  try {
    for (const scene of scenes) {
      await stage.setUp(scene.sessionCache);
      timeline.scene(scene.title, stage.workers);
      await scene.play(stage);
    }
    await stage.tearDown();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const output = stage.lastOutput();
    // It may fail for the same reason, and that is the lesser news.
    await stage.tearDown().catch(() => {});
    throw new Error([message, output].join('\n').trim(), { cause: error });
  }
  timeline.end(`All ${scenes.length} scenes went as they should.`);
}

/** The app that is running, and what a scene needs to use it. */
export class Stage implements Network {
  readonly timeline: Timeline;
  readonly workers: readonly number[] = [1, 2, 3, 4];
  readonly ada: Credentials = { user: 'ada', password: randomBytes(12).toString('base64url') };
  readonly #surroundings: Surroundings;
  readonly #signal: AbortSignal;
  #sessionCache: Scene['sessionCache'] = 'database';
  #running: { readonly app: RunningApp; readonly connections: WorkerConnections } | null = null;

  constructor(timeline: Timeline, surroundings: Surroundings) {
    this.timeline = timeline;
    this.#surroundings = surroundings;
    this.#signal = AbortSignal.any([
      surroundings.interrupted,
      AbortSignal.timeout(LIMIT_SECONDS * 1000),
    ]);
  }

  get origin(): string {
    return this.#live.app.url.origin;
  }

  /** Has the app running with this kind of cache; if it is already, it goes on with what it has. */
  async setUp(sessionCache: Scene['sessionCache']): Promise<void> {
    if (this.#running !== null && this.#sessionCache === sessionCache) return;
    await this.tearDown();
    this.#sessionCache = sessionCache;
    await this.#start();
  }

  /** Ends all processes of the app and starts it again on the same files; how long each took. */
  async restart(): Promise<{ readonly stopSeconds: number; readonly startSeconds: number }> {
    const began = performance.now();
    await this.tearDown();
    const stopped = performance.now();
    await this.#start();
    return {
      stopSeconds: (stopped - began) / 1000,
      startSeconds: (performance.now() - stopped) / 1000,
    };
  }

  async tearDown(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    running?.connections.close();
    await running?.app.stop();
  }

  browser(name: string): Browser {
    return new Browser(name, this);
  }

  request(worker: number, message: DemoRequest): Promise<DemoResponse> {
    return this.#live.connections.request(worker, message);
  }

  /** What the app wrote last, for whoever has to find out what went wrong. */
  lastOutput(): string {
    const output = this.#running?.app.lastOutput() ?? '';
    return output === '' ? '' : `The app's last output:\n${output}`;
  }

  async #start(): Promise<void> {
    const { mainFile, folder } = this.#surroundings;
    const app = await startApp({
      mainFile,
      // Each kind has files of its own, so that one scene leaves nothing behind for another.
      folder: path.join(folder, this.#sessionCache),
      sessionCache: this.#sessionCache,
      ...this.ada,
      signal: this.#signal,
    });
    try {
      const connections = await WorkerConnections.open(app.url, this.workers.length, this.#signal);
      this.#running = { app, connections };
    } catch (error) {
      await app.stop().catch(() => {});
      throw error;
    }
  }

  get #live() {
    if (this.#running === null) throw new Error('The app is not running.');
    return this.#running;
  }
}
