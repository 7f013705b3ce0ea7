import type { Answer } from './browser.ts';

/** Throws unless each worker answered as it should: with this user's name, or `null` for a refusal. */
export function expectAnswers(
  when: string,
  answers: readonly Answer[],
  expected: (worker: number) => string | null,
): void {
  for (const { worker, user } of answers) {
    const should = expected(worker);
    if (user === should) continue;
    const words = (each: string | null) => (each === null ? 'refused' : `answered "${each}"`);
    throw new Error(`${when}, worker ${worker} ${words(user)}; it should have ${words(should)}.`);
  }
}
