import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { AppOutput } from './app-output.ts';
import { AppProcess, type AppSettings } from './app-process.ts';
import { Browser, type Credentials, type Network } from './browser.ts';
import { JobsView } from './jobs-view.ts';
import { sharedPlace } from './shared-place.ts';
import type { Timeline } from './timeline.ts';
import { type DemoRequest, type DemoResponse, WorkerConnections } from './worker-connections.ts';

/** One thing to see. Its `play` throws when the app does not do what it should. */
export interface Scene {
  readonly title: string;
  readonly sessions: 'shared' | 'memory';
  play(stage: Stage): Promise<void>;
}

export interface Surroundings {
  readonly mainFile: string;
  /** Empty, and removed by whoever made it. */
  readonly folder: string;
  readonly interrupted: AbortSignal;
}

/** How often the app counts its live logins here. */
const STATISTICS_SECONDS = 1;

/** Nothing here takes long; what hangs is cut off. */
const LIMIT_SECONDS = 180;

/** The app that is running, and what a scene needs to use it. */
export class Stage implements Network {
  readonly timeline: Timeline;
  readonly workers: readonly number[] = [1, 2, 3, 4];
  readonly ada: Credentials = { user: 'ada', password: randomBytes(12).toString('base64url') };
  /** After how long a worker that hangs is replaced as the one that runs the jobs. */
  readonly leaseSeconds = 4;
  /** Aborts when the demo is to end. */
  readonly signal: AbortSignal;
  readonly #surroundings: Surroundings;
  readonly #launched = new Set<AppProcess>();
  #sessions: Scene['sessions'] = 'shared';
  #running: { readonly app: AppProcess; readonly connections: WorkerConnections } | null = null;
  #origin = '';
  readonly #place = sharedPlace(process.env);

  constructor(timeline: Timeline, surroundings: Surroundings) {
    this.timeline = timeline;
    this.#surroundings = surroundings;
    this.signal = AbortSignal.any([
      surroundings.interrupted,
      AbortSignal.timeout(LIMIT_SECONDS * 1000),
    ]);
  }

  get origin(): string {
    return this.#origin;
  }

  get output(): AppOutput {
    return this.#live.app.output;
  }

  /** The SQLite files of the app that is running. */
  get files(): readonly string[] {
    return ['app.db', 'onehost.db'].map((name) => path.join(this.#folder, name));
  }

  /** Where shared sessions are. */
  get place(): string {
    return this.#place.name;
  }

  /** Has the app running with this kind of cache; if it is already, it goes on with what it has. */
  async setUp(sessions: Scene['sessions']): Promise<void> {
    if (this.#running !== null && this.#sessions === sessions) return;
    await this.tearDown();
    this.#sessions = sessions;
    await this.#connect(this.launch());
  }

  /** Starts another instance of the app on the same files. It ends with the stage, if not by itself. */
  launch(settings: AppSettings = {}): AppProcess {
    const { mainFile } = this.#surroundings;
    const app = new AppProcess({
      mainFile,
      settings: {
        APP_FOLDER: this.#folder,
        APP_PORT: '0',
        APP_USER: this.ada.user,
        APP_PASSWORD: this.ada.password,
        ...(this.#sessions === 'memory'
          ? { APP_SESSION_CACHE: 'memory', APP_ALLOW_UNSAFE_DEPLOYMENT: 'yes' }
          : this.#place.settings),
        APP_STATISTICS_SECONDS: String(STATISTICS_SECONDS),
        APP_JOBS_LEASE_SECONDS: String(this.leaseSeconds),
        APP_VERSION: '1.0',
        ...settings,
      },
      signal: this.signal,
    });
    this.#launched.add(app);
    void app.ended.then(() => this.#launched.delete(app));
    return app;
  }

  /** Ends all processes of the app and starts it again on the same files; how long each took. */
  async restart(): Promise<{ readonly stopSeconds: number; readonly startSeconds: number }> {
    const began = performance.now();
    await this.tearDown();
    return this.#timed(began, this.launch());
  }

  /** Stops the instance that runs, for another one that waits for that. */
  async replaceBy(
    next: AppProcess,
  ): Promise<{ readonly stopSeconds: number; readonly startSeconds: number }> {
    const began = performance.now();
    await this.#stopRunning();
    return this.#timed(began, next);
  }

  /** Connects to a worker that has crashed, once it was started again; `written` is how much the app had written before. */
  async reconnect(worker: number, written: number): Promise<void> {
    const { app, connections } = this.#live;
    // Until then connections may be dealt to the one that is gone.
    const ended = new RegExp(`^Worker ${worker} ended by itself`);
    await app.output.line(ended, { start: written, signal: this.signal });
    await connections.reopen(worker);
  }

  async tearDown(): Promise<void> {
    try {
      await this.#stopRunning();
    } finally {
      await Promise.all([...this.#launched].map((app) => app.stop()));
    }
  }

  browser(name: string): Browser {
    return new Browser(name, this);
  }

  jobs(browser: Browser): JobsView {
    return new JobsView(browser, { workers: this.workers, everySeconds: STATISTICS_SECONDS });
  }

  request(worker: number, message: DemoRequest): Promise<DemoResponse> {
    return this.#live.connections.request(worker, message);
  }

  /** What the app wrote last, for whoever has to find out what went wrong. */
  lastOutput(): string {
    const output = this.#running?.app.output.last(20) ?? '';
    return output === '' ? '' : `The app's last output:\n${output}`;
  }

  async #timed(
    began: number,
    next: AppProcess,
  ): Promise<{ readonly stopSeconds: number; readonly startSeconds: number }> {
    const stopped = performance.now();
    await this.#connect(next);
    return {
      stopSeconds: (stopped - began) / 1000,
      startSeconds: (performance.now() - stopped) / 1000,
    };
  }

  async #connect(app: AppProcess): Promise<void> {
    const url = await app.url();
    const connections = await WorkerConnections.open(url, this.workers.length, this.signal);
    this.#origin = url.origin;
    this.#running = { app, connections };
  }

  async #stopRunning(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    running?.connections.close();
    await running?.app.stop();
  }

  /** Each kind has files of its own, so that one scene leaves nothing behind for another. */
  get #folder(): string {
    return path.join(this.#surroundings.folder, this.#sessions);
  }

  get #live() {
    if (this.#running === null) throw new Error('The app is not running.');
    return this.#running;
  }
}
