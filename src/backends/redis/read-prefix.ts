import { InvalidOptionError } from '../../contract/errors/index.ts';
import { describeType } from '../../contract/validate-arguments.ts';

const LONGEST_PREFIX = 100;

/**
 * What all keys begin with. In braces, so that a Cluster keeps them on one server, where a script can change several at once.
 * Without characters that mean something in a pattern of SCAN.
 *
 * @throws InvalidOptionError
 */
export function readPrefix(prefix: unknown = 'onehost'): string {
  if (typeof prefix === 'string' && /^[\w:.-]+$/.test(prefix) && prefix.length <= LONGEST_PREFIX) {
    return `{${prefix}}:`;
  }
  const found =
    typeof prefix === 'string' ? `"${prefix.slice(0, LONGEST_PREFIX)}"` : describeType(prefix);
  throw new InvalidOptionError(
    `prefix must be 1 to ${LONGEST_PREFIX} letters, digits, or any of _ : . - but found ${found}. ` +
      'Braces are put around it: all keys with one prefix are on one server of a Cluster.',
  );
}
