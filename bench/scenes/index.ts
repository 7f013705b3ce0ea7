import { coldGet } from './cold-get.ts';
import { hotGet } from './hot-get.ts';
import { invalidateSurvivingCrash, invalidateSurvivingPowerLoss } from './invalidate.ts';
import type { Scene } from './scene.ts';
import { set } from './set.ts';
import { touchCoalesced, touchWritten } from './touch.ts';

export const SCENES: readonly Scene[] = [
  hotGet,
  coldGet,
  set,
  invalidateSurvivingPowerLoss,
  invalidateSurvivingCrash,
  touchCoalesced,
  touchWritten,
];

/** Those named so, or whose names go on after it with a hyphen; all without a name. */
export function scenesNamed(name: string | undefined): Scene[] {
  return SCENES.filter(
    (scene) => name === undefined || scene.name === name || scene.name.startsWith(`${name}-`),
  );
}
