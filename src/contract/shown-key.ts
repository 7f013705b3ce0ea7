/** A piece of a token that is shorter gives nothing away. */
const HARMLESS = 7;
const LONGEST_NAME = 32;
/** Words, and perhaps a number: `userId`, `content-type`, `line2`; or an index. */
const NAME = /^(?:[\p{L}_$]+(?:[-. ][\p{L}_$]+)*\d{0,2}|\d{1,10})$/u;

/**
 * The name of a property as a message may show it: `…` for what may be a token, since an app may keep something by token, and what a
 * message says ends up in a log. Those that `newSessionToken` makes are longer than any name that is shown; others have digits
 * in between, but for one in hundreds.
 */
export function shownKey(key: string): string {
  const isName = key.length <= HARMLESS || (key.length <= LONGEST_NAME && NAME.test(key));
  return isName ? key : '…';
}
