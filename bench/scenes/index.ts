import { coldGet } from './cold-get.ts';
import { coldGetBySize } from './cold-get-by-size.ts';
import { disk } from './disk.ts';
import { hotGet } from './hot-get.ts';
import { invalidateSurvivingCrash, invalidateSurvivingPowerLoss } from './invalidate.ts';
import { invalidateByUser } from './invalidate-by-user.ts';
import { memory } from './memory.ts';
import { open } from './open.ts';
import { postgresGet } from './postgres-get.ts';
import { remoteGet } from './remote-get.ts';
import type { Scene } from './scene.ts';
import { set } from './set.ts';
import { sharedMemoryGet } from './shared-memory-get.ts';
import { touchCoalesced, touchWritten } from './touch.ts';
import { workloadLarge, workloadSmall } from './workload.ts';

/**
 * What is compared by turns, in the order of the document. What is a course of events rather than a comparison (leases,
 * contention, a purge) has a folder of its own beside this one, and a run of its own.
 */
export const SCENES: readonly Scene[] = [
  workloadSmall,
  workloadLarge,
  hotGet,
  coldGet,
  coldGetBySize,
  sharedMemoryGet,
  postgresGet,
  remoteGet,
  set,
  touchCoalesced,
  touchWritten,
  invalidateSurvivingPowerLoss,
  invalidateSurvivingCrash,
  invalidateByUser,
  open,
  disk,
  memory,
];

/** Those named so, or whose names go on after it with a hyphen; all without a name. */
export function scenesNamed(name: string | undefined): Scene[] {
  return SCENES.filter(
    (scene) => name === undefined || scene.name === name || scene.name.startsWith(`${name}-`),
  );
}
