/** So that what is to be done at the exit (files to remove, processes to end) is done then, too. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
}

/** What `read` makes of the arguments. What it throws is shown with the usage, and ends the process. */
export function readOptions<Options>(
  read: (args: readonly string[]) => Options,
  usage: string,
): Options {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
