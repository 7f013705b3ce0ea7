/** What is going on, on stderr: stdout is for the results. In a terminal, one line that is written over. */
export class Progress {
  #atScene = '';

  say(text: string): void {
    this.clear();
    process.stderr.write(`${text}\n`);
  }

  /** @param where how far the run is. */
  scene(name: string, where?: string): void {
    this.#atScene = where === undefined ? name : `${name} (${where})`;
    if (!process.stderr.isTTY) this.say(`measuring ${this.#atScene} ...`);
  }

  step(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.#atScene}: ${text}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}
