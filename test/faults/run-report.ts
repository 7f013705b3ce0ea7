import type { SessionRun } from './histories/sessions-under-faults.ts';
import type { JobRounds } from './job-rounds.ts';
import type { LeaseRounds } from './leases-under-faults.ts';

/** All that one run has found out. */
export interface FaultReport {
  readonly startedAt: Date;
  readonly minutes: number;
  readonly seed: number;
  readonly environment: string;
  readonly sessions: SessionRun;
  readonly leases: LeaseRounds;
  readonly jobs: JobRounds;
}

type Figure = readonly [what: string, figure: number];

export function violationsOf({ sessions, leases, jobs }: FaultReport): string[] {
  const { doubles, misrecorded, disagreements } = jobs.account;
  return [
    ...sessions.findings.violations,
    ...leases.violations,
    ...doubles,
    ...misrecorded,
    ...disagreements,
  ];
}

/** The tables, by title. */
function figuresOf({ sessions, leases, jobs }: FaultReport): Record<string, Figure[]> {
  const { findings, deeds } = sessions;
  const { account } = jobs;
  const jobViolations = [account.doubles, account.misrecorded, account.disagreements].flat();
  return {
    'Sessions: eight processes, 16 tokens, 5 users': [
      ['operations', findings.operations],
      ['of them cut off by a kill', findings.cut],
      ['reads of a session that was taken away sooner or later', findings.readsChecked],
      ['reads that gave what a loader had found', findings.loadedGiven],
      ['loads that were overtaken by a revocation', findings.loadsOverlapped],
      ['processes killed', deeds.kills],
      ['processes stopped and woken', deeds.stops],
      ['processes started in the place of others', deeds.restarts],
      ['checkpoints', deeds.checkpoints],
      ['vacuums', deeds.vacuums],
      ['violations', findings.violations.length],
    ],
    'Leases: one holder and three standbys': [
      ['increments under the lease', leases.increments],
      ['terms', leases.terms],
      ['holders killed', leases.kills],
      ['holders stopped and woken', leases.stops],
      ['holders whose event loop was held, or that released it', leases.others],
      ['violations', leases.violations.length],
    ],
    'Jobs: four processes with a job each second': [
      ['ticks', account.ticks],
      ['of them run to their end', account.succeeded],
      ['recorded as abandoned', account.abandoned],
      ['recorded as missed', account.missed],
      ['with another outcome', account.others],
      ['processes killed', jobs.kills],
      ['owners stopped and woken', jobs.stops],
      ['violations', jobViolations.length],
    ],
  };
}

export function reportAsText(report: FaultReport): string {
  const tables = Object.entries(figuresOf(report)).map(([title, figures]) =>
    [title, ...figures.map(([what, figure]) => `  ${numeral(figure).padStart(12)}  ${what}`)].join(
      '\n',
    ),
  );
  const violations = violationsOf(report).map((violation) => `VIOLATED: ${violation}`);
  return [...tables, ...violations, ''].join('\n\n');
}

export function reportAsMarkdown(report: FaultReport): string {
  const { startedAt, minutes, seed, environment } = report;
  const tables = Object.entries(figuresOf(report)).map(([title, figures]) =>
    [
      `**${title}**`,
      '',
      '| | |',
      '|---|--:|',
      ...figures.map(([what, figure]) => `| ${what} | ${numeral(figure)} |`),
    ].join('\n'),
  );
  const made = `*${startedAt.toISOString().slice(0, 10)}, \`npm run faults -- --minutes ${minutes} --seed ${seed}\`: ${environment}*`;
  return [made, ...tables].join('\n\n');
}

function numeral(figure: number): string {
  return figure.toLocaleString('en');
}
