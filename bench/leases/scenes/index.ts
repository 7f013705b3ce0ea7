import type { LeaseScene } from '../scene.ts';
import { idle } from './idle.ts';
import { jobs } from './jobs.ts';
import { blocked, killed, released, stopped, stoppedBeforeWrite } from './takeovers.ts';

export const LEASE_SCENES: readonly LeaseScene[] = [
  killed,
  stopped,
  stoppedBeforeWrite,
  blocked,
  released,
  idle,
  jobs,
];
