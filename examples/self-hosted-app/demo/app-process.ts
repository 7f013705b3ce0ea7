import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { AppOutput } from './app-output.ts';

const START_SECONDS = 60;
/** A little longer than the app gives its own workers. */
const STOP_SECONDS = 12;

/** The app's settings, as its README lists them. */
export type AppSettings = Readonly<Record<`APP_${string}`, string>>;

export interface AppOptions {
  /** The compiled main.ts. */
  readonly mainFile: string;
  readonly settings: AppSettings;
  /** Ends the waits. */
  readonly signal: AbortSignal;
}

/** One start of the app: the process of main.ts, which has the workers below it. */
export class AppProcess {
  readonly output: AppOutput;
  /** Resolves to the exit code, or to the signal, when the app has ended, however that came. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  readonly #ready: Promise<unknown[]>;
  readonly #signal: AbortSignal;

  constructor({ mainFile, settings, signal }: AppOptions) {
    const child = fork(mainFile, {
      env: environment(settings),
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#signal = AbortSignal.any([signal, AbortSignal.timeout(START_SECONDS * 1000)]);
    this.output = new AppOutput([child.stdout, child.stderr]);
    // Not `exit`: what it wrote last may come after that.
    this.ended = once(child, 'close').then(([code, killedBy]) => killedBy ?? code);
    this.#ready = once(child, 'message', { signal: this.#signal });
    this.#ready.catch(() => {});
  }

  /** The address, as soon as all workers answer requests; if that does not come to be, it is ended. */
  async url(): Promise<URL> {
    try {
      const failed = this.ended.then((how) => {
        throw new Error(`it ended with ${how}.`);
      });
      const [message] = await Promise.race([this.#ready, failed]);
      return new URL((message as { ready: string }).ready);
    } catch (error) {
      await this.stop().catch(() => {});
      throw new Error(
        `The app did not start: ${(error as Error).message}\n${this.output.last(20)}`,
      );
    }
  }

  /** How it refused to start; throws when it did start. */
  async refusal(): Promise<{ readonly exitCode: unknown; readonly output: string }> {
    const started = this.#ready.then(() => {
      throw new Error('The app started, and should have refused to.');
    });
    try {
      const exitCode = await Promise.race([this.ended, started]);
      return { exitCode, output: this.output.last(20) };
    } catch (error) {
      await this.stop().catch(() => {});
      throw error;
    }
  }

  /** Tells it to end, as an operator would, and waits; throws unless it then ends in good order. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const tooLate = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
    const how = await this.ended;
    clearTimeout(tooLate);
    if (how !== 0) throw new Error(`The app did not end in good order, but with ${how}.`);
  }
}

/** The caller's, but for the app's own variables: what is set in a shell must not change the demo. */
function environment(settings: AppSettings): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('APP_'));
  return { ...Object.fromEntries(others), ...settings };
}
