import type { Mutation } from './mutations.ts';
import { RULES, type Rule } from './rules.ts';

/** Which bug breaks which rule, and which tests notice; by rule. */
export function tableOf(all: readonly Mutation[], caught: ReadonlySet<Mutation>): string {
  const today = new Date().toISOString().slice(0, 10);
  const rules = (Object.keys(RULES) as Rule[]).filter((rule) =>
    all.some(({ breaks }) => breaks === rule),
  );
  return [
    `*${today}: ${caught.size} of ${all.length} bugs caught.*`,
    '',
    '| bug | rule that it breaks | caught by |',
    '|---|---|---|',
    ...rules.flatMap((rule) =>
      all
        .filter(({ breaks }) => breaks === rule)
        .map((each) => {
          const by = caught.has(each) ? `\`${each.caughtBy}\`` : '**nothing**';
          return `| ${each.name} | ${RULES[rule]} | ${by} |`;
        }),
    ),
  ].join('\n');
}
