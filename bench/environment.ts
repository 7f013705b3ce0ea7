import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import SqliteConnection from 'better-sqlite3';
import { RedisServer } from '../test/support/redis-server.ts';
import { installedVersion, peerPackageNames } from './peer-packages.ts';

/** What the numbers depend on besides the code. */
export interface Environment {
  /** By name; `null` what did not take part. */
  readonly versions: Readonly<Record<string, string | null>>;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly platform: string;
    readonly kernel: string;
    /** Of the folder for temporary files, where the databases are: on tmpfs, an fsync costs nothing. */
    readonly filesystem: string;
    /** How many processes wanted a core in the minute before; with more than a few tenths, times are rough. */
    readonly loadAverage: number;
    /**
     * Of the cheapest system call, Node's part in it included: from 0.1 us, to more than a microsecond where the kernel is kept
     * apart from its processes. A read of SQLite makes 4. `null` on Windows, absent in results of before.
     */
    readonly systemCallNanoseconds?: number | null;
  };
}

export function describeEnvironment(withPeers: boolean): Environment {
  const peers = peerPackageNames().map((name) => [name, withPeers ? installedVersion(name) : null]);
  return {
    versions: {
      onehost: manifestVersion('../package.json'),
      node: process.versions.node,
      v8: process.versions.v8,
      'better-sqlite3': dependencyVersion('better-sqlite3'),
      sqlite: sqliteVersion(),
      'lru-cache': dependencyVersion('lru-cache'),
      koffi: optionalVersion('koffi'),
      ...Object.fromEntries(peers),
      'redis-server': withPeers ? RedisServer.version() : null,
    },
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
      kernel: os.release(),
      filesystem: filesystemOf(os.tmpdir()),
      loadAverage: Math.round((os.loadavg()[0] ?? 0) * 10) / 10,
      systemCallNanoseconds: systemCallNanoseconds(),
    },
  };
}

/** The least of some batches: what disturbs makes them longer only. */
function systemCallNanoseconds(): number | null {
  const { getuid } = process;
  if (getuid === undefined) return null;
  const calls = 20_000;
  const batches = Array.from({ length: 10 }, () => {
    const begin = performance.now();
    for (let call = 0; call < calls; call++) getuid();
    return performance.now() - begin;
  });
  return Math.round((Math.min(...batches) * 1e6) / calls);
}

function sqliteVersion(): string {
  const connection = new SqliteConnection(':memory:');
  try {
    return connection.prepare<[], string>('select sqlite_version()').pluck().get() ?? 'unknown';
  } finally {
    connection.close();
  }
}

/** A package need not export its package.json, so that it is looked for by its place. */
function dependencyVersion(name: string): string {
  return manifestVersion(`../node_modules/${name}/package.json`);
}

/** `null` where it is not installed: onehost does without it. */
function optionalVersion(name: string): string | null {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return existsSync(manifest) ? dependencyVersion(name) : null;
}

function manifestVersion(relative: string): string {
  const text = readFileSync(new URL(relative, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Linux lists what is mounted where; the longest mount point that leads to the folder is its own. */
function filesystemOf(folder: string): string {
  if (!existsSync('/proc/self/mounts')) return 'unknown';
  const real = path.resolve(folder);
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point]) => point !== undefined && isWithin(real, point))
    .sort(([, a = ''], [, b = '']) => b.length - a.length);
  return mounts[0]?.[2] ?? 'unknown';
}

function isWithin(folder: string, point: string): boolean {
  return folder === point || folder.startsWith(point.endsWith('/') ? point : `${point}/`);
}
