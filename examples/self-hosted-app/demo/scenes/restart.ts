import { expectAnswers } from '../expect-answers.ts';
import type { Scene } from '../stage.ts';

export const restart: Scene = {
  title: 'A restart, sessions kept',
  sessions: 'shared',
  async play(stage) {
    const { ada, timeline } = stage;
    const laptop = stage.browser('laptop');
    await laptop.logIn(1, ada);
    timeline.step('Ada logs in');
    const before = await laptop.askEveryWorker();
    timeline.answers('her requests', before, ada.user);
    expectAnswers('Before the restart', before, () => ada.user);

    const { stopSeconds, startSeconds } = await stage.restart();
    timeline.step(
      `all processes of the app ended (${stopSeconds.toFixed(2)} s) and started again (${startSeconds.toFixed(2)} s)`,
    );
    const after = await laptop.askEveryWorker();
    timeline.answers('her requests, the first since the start', after, ada.user);
    expectAnswers('After the restart', after, () => ada.user);
    const loads = after.map((answer) => answer.loadsSinceStart ?? 0);
    timeline.note(`look-ups in the app's own store since the start: ${loads.join(' + ')}`);
    if (loads.some((count) => count > 0)) {
      throw new Error(
        "After the restart, a worker had to ask the app's own store for the session.",
      );
    }
    timeline.outcome(true, 'She is still logged in, and no session had to be loaded again.');
  },
};
