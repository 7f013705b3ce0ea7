import { PeerMissingError } from '../contract/errors/index.ts';

/**
 * What `load` imports: a package that onehost does not bring along, since most apps do without it.
 *
 * @param what for whom it is, as the beginning of a sentence: `Sessions in Redis need`.
 * @throws PeerMissingError when it is not installed, or cannot be loaded.
 */
export async function loadPeer<Module>(
  name: string,
  what: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw new PeerMissingError(
      `${what} the package "${name}", which cannot be loaded. Install it: npm install ${name}`,
      { cause: error },
    );
  }
}
