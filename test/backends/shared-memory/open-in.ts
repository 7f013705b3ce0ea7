import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';

// Opens memory in the folder, and says what came of it.
const [folder] = process.argv.slice(2);
try {
  const memory = await openSharedMemory('test', { folder });
  new SharedMemorySessionCache(memory).set('token', { userId: 7 }, 60);
  await memory.close();
  console.log('opened');
} catch (error) {
  console.log((error as { code?: string }).code);
}
