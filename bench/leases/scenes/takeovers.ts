import type { ContenderOrder } from '../../../test/faults/contender-messages.ts';
import { Contenders } from '../../../test/faults/contenders.ts';
import {
  block,
  type Fault,
  kill,
  release,
  stop,
  stopBeforeWrite,
} from '../../../test/faults/faults.ts';
import { type Handover, handovers } from '../../../test/faults/lease-rounds.ts';
import { atMost, each, type Figure, median, none, told } from '../figures.ts';
import type { LeaseScene } from '../scene.ts';

const STANDBYS = 3;
/** Of those who hang: they are replaced after it. */
const DURATION_SECONDS = 1;
const REPLACED_WITHIN_MILLISECONDS = (DURATION_SECONDS + 1) * 1000;

interface Takeovers extends Pick<LeaseScene, 'name' | 'title' | 'about'> {
  readonly fault: Fault;
  readonly rounds: { readonly full: number; readonly quick: number };
  readonly order?: Partial<ContenderOrder>;
  /** Beside the figures that all takeovers have. */
  figures(found: readonly Handover[]): readonly Figure[];
}

/** Somebody holds the lease and writes under it, three stand by, and the same is done to one holder after the other. */
function takeovers({ fault, rounds, order, figures, ...scene }: Takeovers): LeaseScene {
  return {
    ...scene,
    async run({ file, quick, progress }) {
      using contenders = new Contenders(file, order);
      const count = quick ? rounds.quick : rounds.full;
      const holder = await contenders.startTeam(STANDBYS);
      const first = holder.acquired.at(-1)?.fencingToken ?? 0;
      const found = await handovers(contenders, holder, fault, count, (done) =>
        progress(`round ${done} of ${count}`),
      );
      const tokens = [first, ...found.map(({ fencingToken }) => fencingToken)];
      const increments = contenders.increments();
      const violations = contenders.violations();
      return {
        figures: [
          ...figures(found),
          none('fencing tokens that fell or were given twice', countNotRising(tokens)),
          none('increments lost, doubled or written late', violations.length),
          told('increments of the counter', increments.length),
        ],
        violations,
        samples: { takeoverMilliseconds: found.map(({ milliseconds }) => milliseconds) },
      };
    },
  };
}

function countNotRising(tokens: readonly number[]): number {
  return tokens.filter((token, index) => token <= (tokens[index - 1] ?? 0)).length;
}

function durations(found: readonly Handover[]): { median: number; worst: number } {
  const milliseconds = found.map((handover) => handover.milliseconds);
  return { median: median(milliseconds), worst: Math.max(...milliseconds) };
}

/** Of a holder that comes back after its time. */
function lateWriterFigures(found: readonly Handover[]): Figure[] {
  const { median, worst } = durations(found);
  return [
    told('takeover, median', median, 'ms'),
    atMost(REPLACED_WITHIN_MILLISECONDS, 'ms', 'takeover, worst', worst),
    each(found, 'takeovers because the time was over', ({ reason }) => reason === 'expired'),
    each(
      found,
      'late writes refused with LeaseLostError',
      ({ refused }) => refused?.code === 'ONEHOST_LEASE_LOST',
    ),
    each(found, 'signals aborted by then', ({ refused }) => refused?.signalAborted === true),
  ];
}

export const killed: LeaseScene = takeovers({
  name: 'kill',
  title: 'The holder is killed',
  about:
    'kill -9 of the holder at a random moment, with the default settings (a duration of 15 s) and three standbys. From the signal until ' +
    'another one has acquired the lease.',
  fault: kill,
  rounds: { full: 100, quick: 10 },
  figures(found) {
    const { median, worst } = durations(found);
    return [
      atMost(80, 'ms', 'takeover, median', median),
      atMost(300, 'ms', 'takeover, worst', worst),
      each(found, 'takeovers because it had died', ({ reason }) => reason === 'holder-died'),
    ];
  },
});

export const stopped: LeaseScene = takeovers({
  name: 'stop',
  title: 'The holder is stopped',
  about:
    'SIGSTOP of the holder of a lease of 1 s; SIGCONT 0.1 s after another one has taken over and works. It goes on with the write that it was about ' +
    'to make.',
  fault: stop,
  rounds: { full: 20, quick: 3 },
  order: { durationSeconds: DURATION_SECONDS },
  figures: lateWriterFigures,
});

export const stoppedBeforeWrite: LeaseScene = takeovers({
  name: 'stop-before-write',
  title: 'The holder is stopped after its last look at the clock',
  about:
    'The same, but it is stopped between the look at the clock that comes before a write and that write: it has found that its time is not over, and ' +
    'when it wakes up it has nothing left to do but to write. Only the fencing token can refuse it.',
  fault: stopBeforeWrite,
  rounds: { full: 20, quick: 3 },
  order: { durationSeconds: DURATION_SECONDS },
  figures: (found) => [
    ...lateWriterFigures(found),
    each(
      found,
      'refused by the token in the file',
      ({ refused }) => refused?.message.includes('was taken over (expired)') === true,
    ),
  ],
});

export const blocked: LeaseScene = takeovers({
  name: 'block',
  title: 'The event loop of the holder is held',
  about: 'For 2 s, with a lease of 1 s: no timer runs, and nothing is renewed.',
  fault: block,
  rounds: { full: 20, quick: 3 },
  order: { durationSeconds: DURATION_SECONDS, blockSeconds: 2 },
  figures: lateWriterFigures,
});

export const released: LeaseScene = takeovers({
  name: 'release',
  title: 'The holder releases the lease',
  about:
    'As in a rolling deployment, with the default settings. From the call of release until another one has acquired the lease.',
  fault: release,
  rounds: { full: 50, quick: 5 },
  figures(found) {
    const { median, worst } = durations(found);
    return [
      told('takeover, median', median, 'ms'),
      atMost(150, 'ms', 'takeover, worst', worst),
      each(found, 'takeovers because it was released', ({ reason }) => reason === 'released'),
    ];
  },
});
