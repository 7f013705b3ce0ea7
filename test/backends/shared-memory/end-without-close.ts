import { openSharedMemory, SharedMemorySessionCache } from '../../../src/shared-memory.ts';

// Sets a session in the shared memory in a folder, and ends as soon as it has said so: `end-without-close.ts <folder>`.
const memory = await openSharedMemory('test', { folder: process.argv[2] });
new SharedMemorySessionCache(memory).set('of who ended', { userId: 7 }, 3600);
process.stdout.write('ending\n');
