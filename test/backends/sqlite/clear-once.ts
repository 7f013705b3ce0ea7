import { DatabaseSessionCache, openDatabase } from '../../../src/index.ts';

process.once('message', async ({ file }: { file: string }) => {
  await using database = await openDatabase(file);
  new DatabaseSessionCache(database).clear();
  process.disconnect();
});
process.send?.('ready');
