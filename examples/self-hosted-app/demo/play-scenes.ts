import { type Scene, Stage, type Surroundings } from './stage.ts';
import { Timeline } from './timeline.ts';

/** Plays one after the other; throws at the first that does not go as it should. */
export async function playScenes(
  scenes: readonly Scene[],
  surroundings: Surroundings,
): Promise<void> {
  const timeline = new Timeline(process.stdout);
  const stage = new Stage(timeline, surroundings);
  timeline.begin(
    `One app: 4 worker processes behind one port, asked over real sockets. Shared sessions: ${stage.place}.`,
  );
  try {
    for (const scene of scenes) {
      await stage.setUp(scene.sessions);
      timeline.scene(scene.title, stage.workers);
      await scene.play(stage);
    }
    await stage.tearDown();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const output = stage.lastOutput();
    // It may fail for the same reason, and that is the lesser news.
    await stage.tearDown().catch(() => {});
    throw new Error([message, output].join('\n').trim(), { cause: error });
  }
  timeline.end(`All ${scenes.length} scenes went as they should.`);
}
