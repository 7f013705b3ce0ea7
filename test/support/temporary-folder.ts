import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of its own on a real disk, unless told otherwise; gone when the test is over. */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  constructor(parent: string = tmpdir()) {
    this.path = mkdtempSync(path.join(parent, 'onehost-test-'));
  }

  /** In memory, where the system has a place for it that we know. */
  static inMemory(): TemporaryFolder {
    return new TemporaryFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
