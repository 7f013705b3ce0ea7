import { inspect } from 'node:util';
import fc from 'fast-check';

/** How much of a token gives too much away. */
const PIECE = 8;

/** A token as `newSessionToken` makes it. One of few different characters would be found by chance. */
export const secret = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'))
  .filter((token) => new Set(token).size > 20);

/** Where in an error, its message, stack, causes and properties, a piece of the token is to be read. */
export function leaks(error: unknown, token: string): string[] {
  const texts = [
    inspect(error, { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    error instanceof Error ? `${error.message} ${error.stack}` : '',
  ];
  const pieces = Array.from({ length: token.length - PIECE + 1 }, (_, begin) =>
    token.slice(begin, begin + PIECE),
  );
  return texts.flatMap((text) => {
    const piece = pieces.find((each) => text.includes(each));
    return piece === undefined ? [] : [`"${piece}" of the token in: ${text.slice(0, 500)}`];
  });
}
