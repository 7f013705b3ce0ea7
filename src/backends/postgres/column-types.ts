const BOOLEAN = 16;
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);

/**
 * How onehost reads columns: numbers as numbers, since none of its own is beyond a safe integer.
 * Given with each query, so that neither what the app has told `pg` for its own queries matters here, nor the other way round.
 */
export const columnTypes = {
  getTypeParser(oid: number): (text: string) => unknown {
    if (NUMBERS.has(oid)) return Number;
    if (oid === BOOLEAN) return (text) => text === 't';
    return (text) => text;
  },
};

/** A hash in hex, as a parameter of the type `bytea`. */
export function bytes(hex: string): string {
  return `\\x${hex}`;
}
