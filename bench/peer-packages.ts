import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const FOLDER = new URL('./peers/', import.meta.url);
/** Says which lockfile was installed; written last, so that a half of an installation does not count. */
const MARK = new URL('node_modules/.installed-lockfile', FOLDER);

const require = createRequire(new URL('package.json', FOLDER));

/** A package of bench/peers. Its types are the caller's word: the main package does not have it. */
export function requirePeer<T>(name: string): T {
  return require(name) as T;
}

/** As {@link requirePeer}, for a package that is an ES module. */
export async function importPeer<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(require.resolve(name)).href)) as T;
}

export function isInstalled(name: string): boolean {
  return existsSync(manifest(name));
}

/** `null` where it is not installed. */
export function installedVersion(name: string): string | null {
  if (!isInstalled(name)) return null;
  const { version } = JSON.parse(readFileSync(manifest(name), 'utf8')) as { version: string };
  return version;
}

export function peerPackageNames(): string[] {
  const own = JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8')) as {
    dependencies: object;
    optionalDependencies: object;
  };
  return Object.keys({ ...own.dependencies, ...own.optionalDependencies }).sort();
}

/** Brings bench/peers/node_modules to what its lockfile says, if it is not; `false` when that failed. */
export async function installPeers(say: (text: string) => void): Promise<boolean> {
  const wanted = createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', FOLDER)))
    .digest('hex');
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === wanted) return true;
  say(
    'Installing the peers into bench/peers/node_modules (npm ci). They are no dependencies of onehost. ' +
      'Once only: seconds, or 1 to 3 minutes where sqlite3 must be compiled.',
  );
  const begin = performance.now();
  const seconds = () => Math.round((performance.now() - begin) / 1000);
  const reminder = setInterval(() => say(`... still installing, ${seconds()} s`), 10_000);
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(reminder);
  if (code !== 0) {
    say(
      `npm ci failed after ${seconds()} s (exit code ${code}); going on with the peers that are there.`,
    );
    return false;
  }
  writeFileSync(MARK, wanted);
  say(`Installed after ${seconds()} s.`);
  return true;
}

/** Its output goes to stderr: stdout is for the results. */
function run(command: string, args: readonly string[]): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: fileURLToPath(FOLDER),
      stdio: ['ignore', process.stderr, process.stderr],
      shell: process.platform === 'win32',
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

function manifest(name: string): URL {
  return new URL(`node_modules/${name}/package.json`, FOLDER);
}
