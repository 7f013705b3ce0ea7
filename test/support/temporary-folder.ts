import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of its own on a real disk; gone when the test is over. */
export class TemporaryFolder implements Disposable {
  readonly path: string = mkdtempSync(path.join(tmpdir(), 'onehost-test-'));

  file(name: string): string {
    return path.join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
