import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const START_SECONDS = 60;
/** A little longer than the app gives its own workers. */
const STOP_SECONDS = 12;

export interface AppOptions {
  /** The compiled main.ts. */
  readonly mainFile: string;
  readonly folder: string;
  readonly sessionCache: 'database' | 'memory';
  readonly user: string;
  readonly password: string;
  /** 0, the default, for a free one. */
  readonly port?: string | undefined;
  /** Ends the wait for the start. */
  readonly signal: AbortSignal;
}

export interface RunningApp {
  readonly url: URL;
  /** Settles when the app has ended, however that came. */
  readonly ended: Promise<void>;
  /** The last lines that the app wrote. */
  lastOutput(): string;
  /** Tells the app to end, as an operator would, and waits; throws unless it then ends in good order. */
  stop(): Promise<void>;
}

export async function startApp(options: AppOptions): Promise<RunningApp> {
  const child = fork(options.mainFile, {
    env: environment(options),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {});
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  const lastOutput = () => output.join('').split('\n').slice(-20).join('\n').trim();
  try {
    const url = await readyUrl(child, ended, options.signal);
    return { url, ended, lastOutput, stop: () => stop(child, ended) };
  } catch (error) {
    await stop(child, ended).catch(() => {});
    throw new Error(`The app did not start: ${(error as Error).message}\n${lastOutput()}`);
  }
}

async function readyUrl(
  child: ChildProcess,
  ended: Promise<void>,
  interrupted: AbortSignal,
): Promise<URL> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(START_SECONDS * 1000)]);
  const message = await Promise.race([
    once(child, 'message', { signal }),
    ended.then(() => Promise.reject(new Error(`it ended with exit code ${child.exitCode}.`))),
  ]);
  const [{ ready }] = message as [{ ready: string }];
  return new URL(ready);
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const tooLate = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
  await ended;
  clearTimeout(tooLate);
  if (child.exitCode !== 0) {
    throw new Error(
      `The app did not end in good order, but with ${child.signalCode ?? `exit code ${child.exitCode}`}.`,
    );
  }
}

/** The caller's, but for the app's own variables: what is set in a shell must not change the demo. */
function environment(options: AppOptions): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('APP_'));
  return {
    ...Object.fromEntries(others),
    APP_FOLDER: options.folder,
    APP_PORT: options.port ?? '0',
    APP_SESSION_CACHE: options.sessionCache,
    APP_USER: options.user,
    APP_PASSWORD: options.password,
  };
}
