import { channel } from 'node:diagnostics_channel';

/**
 * What happens inside, told on `node:diagnostics_channel`. No event holds a token or a session.
 * When nobody listens, telling costs one comparison.
 */
export interface OnehostEvents {
  /** Entries were dropped on purpose by this process. */
  'onehost:invalidated': {
    readonly scope: 'token' | 'user' | 'everything';
    /** How many live entries there were; `null` where it was not counted. */
    readonly removed: number | null;
  };
  /** A loaded session was not kept: it was invalidated while it was being loaded. */
  'onehost:fill-refused': { readonly attempt: number };
  /** The near caches on a connection let go of everything: it was invalidated, or they could not tell what had changed. */
  'onehost:near-cache-dropped': { readonly reason: 'everything-invalidated' | 'fell-behind' };
  /** A purge ended. */
  'onehost:purged': { readonly removed: number; readonly complete: boolean };
}

const channels = {
  'onehost:invalidated': channel('onehost:invalidated'),
  'onehost:fill-refused': channel('onehost:fill-refused'),
  'onehost:near-cache-dropped': channel('onehost:near-cache-dropped'),
  'onehost:purged': channel('onehost:purged'),
};

export function publish<Name extends keyof OnehostEvents>(
  name: Name,
  event: OnehostEvents[Name],
): void {
  if (channels[name].hasSubscribers) channels[name].publish(event);
}
