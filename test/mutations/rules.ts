/** What bugs break: the promises of the README and of docs/leases.md, in few words. */
export const RULES = {
  revocation: 'no read gives what was revoked before it began',
  stale: 'a near cache across a network is behind by no more than it says',
  fill: 'no stale fill',
  expiry: 'nothing is given at or after its expiry',
  index: 'the user index agrees with the entries',
  values: 'what comes out equals what went in, and is nobody else’s',
  tokens: 'tokens stay secret, and are told apart',
  size: 'what is dead goes, and what is kept is bounded',
  opening: 'opening is safe, and a file that must not be used is refused',
  durability: 'what has returned outlives a crash or a power cut',
  waiting: 'waiting for the write lock is fair and bounded',
  checkpoints: 'the `-wal` stays short, outside of requests',
  purging: 'a purge is in nobody’s way',
  outage: 'a server that is away holds nobody up, and nothing is done after its deadline',
  resources: 'what was taken from the system is given back',
  fencing: 'one writer per term, and tokens that rise',
  trust: 'a holder stops by itself before others take over',
  takeover: 'a dead holder is replaced at once, a live one is not',
  ticks: 'no tick begins twice, and none is lost silently',
  scheduling: 'schedules, stops and overlaps are as documented',
  guards: 'a second instance is refused with a message that helps',
  promises: 'what would let everybody in on a server shows on a file',
  errors: 'what goes wrong is told by an error that says what to do, in time',
  layers: 'imports run one way',
} as const;

export type Rule = keyof typeof RULES;
