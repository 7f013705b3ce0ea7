import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** Which boot of the machine this is. Injected by tests. */
export type BootId = () => string;

/** Where Linux hides the name, as some sandboxes do: two of them may have been started alike and still have two clocks. */
const ofThisProcess = randomUUID();

/** Linux has a name for it. Elsewhere it is when the machine was started, to ten minutes. */
export const bootId: BootId = () => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    if (process.platform === 'linux') return ofThisProcess;
    return `started ${Math.round((Date.now() / 1000 - uptime()) / 600)}`;
  }
};
