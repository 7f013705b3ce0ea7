import { coldGet } from './cold-get.ts';
import { coldGetBySize } from './cold-get-by-size.ts';
import { disk } from './disk.ts';
import { hotGet } from './hot-get.ts';
import { invalidateSurvivingCrash, invalidateSurvivingPowerLoss } from './invalidate.ts';
import { invalidateByUser } from './invalidate-by-user.ts';
import { memory } from './memory.ts';
import { open } from './open.ts';
import type { Scene } from './scene.ts';
import { set } from './set.ts';
import { touchCoalesced, touchWritten } from './touch.ts';
import { workloadLarge, workloadSmall } from './workload.ts';

export const SCENES: readonly Scene[] = [
  workloadSmall,
  workloadLarge,
  hotGet,
  coldGet,
  coldGetBySize,
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
