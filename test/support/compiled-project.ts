import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Compiles the source and the tests into a folder; gives where a program is there. For runs that start processes by the hundred: under tsx each takes
 * 1.1 s of CPU time to start, compiled 0.4 s (Node 20).
 */
export function compileProject(folder: string): (program: URL) => URL {
  const tsc = fileURLToPath(new URL('./bin/tsc', import.meta.resolve('typescript/package.json')));
  const options = ['--noEmit', 'false', '--rootDir', ROOT, '--outDir', folder];
  execFileSync(process.execPath, [tsc, '--project', ROOT, ...options], { stdio: 'inherit' });
  for (const needed of ['node_modules', 'migrations', 'package.json']) {
    symlinkSync(path.join(ROOT, needed), path.join(folder, needed));
  }
  return (program) => {
    const file = path.relative(ROOT, fileURLToPath(program)).replace(/\.ts$/, '.js');
    return pathToFileURL(path.join(folder, file));
  };
}
