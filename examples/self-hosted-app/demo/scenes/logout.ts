import type { Answer } from '../browser.ts';
import { expectAnswers } from '../expect-answers.ts';
import type { Scene, Stage } from '../stage.ts';

/** The problem. As it should be here means: it shows. */
export const logoutWithMemory: Scene = {
  title: 'Sessions in the memory of each worker: the problem',
  sessions: 'memory',
  async play(stage) {
    await expectRefusal(stage);
    const afterLogout = await logOutThroughWorker1(stage);
    expectAnswers('After the logout', afterLogout, (worker) =>
      worker === 1 ? null : stage.ada.user,
    );
    stage.timeline.outcome(false, 'She has logged out, and three of four workers do not know it.');
  },
};

export const logoutWithSharedSessions: Scene = {
  title: 'The same steps, sessions shared',
  sessions: 'shared',
  async play(stage) {
    const afterLogout = await logOutThroughWorker1(stage);
    expectAnswers('After the logout', afterLogout, () => null);
    stage.timeline.outcome(true, 'After the logout every worker refuses the very next request.');
  },
};

/** It is not what the app does by itself. */
async function expectRefusal(stage: Stage): Promise<void> {
  const { timeline } = stage;
  const { exitCode, output } = await stage.launch({ APP_ALLOW_UNSAFE_DEPLOYMENT: 'no' }).refusal();
  timeline.step(`the app refuses to run like that, with exit code ${exitCode}:`);
  timeline.quote(output);
  if (exitCode === 0 || !output.includes('A logout in one worker would not reach the others')) {
    throw new Error('The app should refuse sessions in the memory of several workers.');
  }
  timeline.note('unless APP_ALLOW_UNSAFE_DEPLOYMENT is "yes", as it is here');
}

async function logOutThroughWorker1(stage: Stage): Promise<Answer[]> {
  const { ada, timeline } = stage;
  const laptop = stage.browser('laptop');
  await laptop.logIn(1, ada);
  timeline.step('Ada logs in through worker 1');
  const before = await laptop.askEveryWorker();
  timeline.answers('her requests', before, ada.user);
  timeline.note(`look-ups in the app's own store so far: ${sumOfLoads(before)}`);
  expectAnswers('After the login', before, () => ada.user);

  // Her browser forgets the cookie at once; what counts is whether the cookie is still good for anything.
  const cookie = laptop.copy('laptop');
  await laptop.press(1, '/logout');
  const loggedOutAt = performance.now();
  timeline.step('she logs out through worker 1');
  const after = await cookie.askEveryWorker();
  const tookMs = (performance.now() - loggedOutAt).toFixed(1);
  timeline.answers(`the same cookie, answered within ${tookMs} ms`, after, null);
  return after;
}

function sumOfLoads(answers: readonly Answer[]): number {
  return answers.reduce((sum, { loadsSinceStart }) => sum + (loadsSinceStart ?? 0), 0);
}
