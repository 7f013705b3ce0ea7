/** How much is measured. */
export interface Effort {
  /** How often each contestant's batch is timed. */
  readonly rounds: number;
  /** How long a batch takes at most, about. */
  readonly batchMilliseconds: number;
  /** How often what takes long (a workload of several processes, filling a memory) is measured. */
  readonly longRounds: number;
  /** How long the processes of a workload run each time. */
  readonly playMilliseconds: number;
}

export const FULL: Effort = {
  rounds: 15,
  batchMilliseconds: 60,
  longRounds: 5,
  playMilliseconds: 500,
};

export const QUICK: Effort = {
  rounds: 5,
  batchMilliseconds: 15,
  longRounds: 2,
  playMilliseconds: 100,
};
