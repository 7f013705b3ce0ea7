/**
 * Whether a job is running in this process. It outlives the terms of the lease: a run that has not heard that its lease is
 * lost must have ended before this process runs the job again.
 */
export class Activity {
  #running: Promise<void> | null = null;
  /** Called when a run has ended. */
  onEnd: () => void = () => {};

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Resolves when nothing runs. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** @param run never rejects. */
  begin(run: () => Promise<void>): void {
    this.#running = run().then(() => {
      this.#running = null;
      this.onEnd();
    });
  }
}
