/**
 * Freezes plain objects and arrays all the way down; `false` when something in it cannot be frozen,
 * since a `Date`, `Map`, `Set`, `RegExp`, buffer or typed array changes through its methods.
 */
export function freezeDeep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return false;
  // Before its parts, so that a cycle ends here.
  Object.freeze(value);
  for (const part of Object.values(value)) {
    if (!freezeDeep(part)) return false;
  }
  return true;
}
