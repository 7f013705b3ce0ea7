/**
 * PostgreSQL keeps no NUL in a text, and names may hold one: `\` and NUL stand as `\\` and `\0`. No two texts become the same.
 */
export function toStored(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0');
}

export function fromStored(stored: string): string {
  return stored.replaceAll(/\\(.)/gs, (_, escaped) => (escaped === '0' ? '\0' : escaped));
}
