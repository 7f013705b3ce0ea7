import { expectAnswers } from '../expect-answers.ts';
import type { Scene } from '../stage.ts';

export const secondInstance: Scene = {
  title: 'A second instance of the whole app',
  sessions: 'shared',
  async play(stage) {
    const { ada, timeline } = stage;
    const laptop = stage.browser('laptop');
    await laptop.logIn(1, ada);
    const { exitCode, output } = await stage.launch({ APP_WAIT_SECONDS: '0' }).refusal();
    timeline.step(
      `started beside the first, on the same files, it refuses with exit code ${exitCode}:`,
    );
    timeline.quote(output);
    if (exitCode === 0 || !output.includes('another instance of the app is running')) {
      throw new Error('A second instance should be told that the first one runs.');
    }
    const undisturbed = await laptop.askEveryWorker();
    timeline.answers('her requests to the first', undisturbed, ada.user);
    expectAnswers('Beside a refused instance', undisturbed, () => ada.user);

    const next = stage.launch({ APP_VERSION: '1.1' });
    const waiting = await next.output.line(/^Waiting for another/, { signal: stage.signal });
    timeline.step('version 1.1, as in a rolling restart: it waits (APP_WAIT_SECONDS is 10)');
    timeline.quote(waiting);
    const { stopSeconds, startSeconds } = await stage.replaceBy(next);
    timeline.step(
      `the first was told to stop and left (${stopSeconds.toFixed(2)} s), the second answers (${startSeconds.toFixed(2)} s later)`,
    );
    const after = await laptop.askEveryWorker();
    timeline.answers('her requests to the second', after, ada.user);
    expectAnswers('After the rolling restart', after, () => ada.user);
    timeline.outcome(true, 'Of all that are started one runs, and the next when it has left.');
  },
};
