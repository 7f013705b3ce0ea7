/**
 * Aborts on Ctrl-C or SIGTERM, so that what was started can be ended in order. The listeners stay:
 * npm and tsx may pass the same signal on a second time, which would end this process at once.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => controller.abort(new Error(`Interrupted by ${name}.`)));
  }
  return controller.signal;
}
