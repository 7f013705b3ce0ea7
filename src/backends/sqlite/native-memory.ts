/** Memory of this process that JavaScript cannot reach by itself. Injected by tests. */
export interface NativeMemory {
  /**
   * The first `length` bytes of the shared mapping at `address` once more: the same memory, at an address of
   * its own, and to be read only.
   *
   * @throws Error when the system refuses.
   */
  mapAgain(address: bigint, length: number): NativeView;
}

export interface NativeView {
  readonly address: bigint;
  /** Not a copy: what anybody writes there is read here. */
  readonly buffer: ArrayBuffer;
  /** To be called once. Reading the buffer afterwards ends the process. */
  unmap(): void;
}

/** What is used of `koffi`; the same in its versions 2 and 3. */
interface Koffi {
  load(path: null): { func(definition: string): (...args: unknown[]) => unknown };
  view(pointer: unknown, length: number): ArrayBuffer;
  address(pointer: unknown): bigint;
  errno(): number;
}

/** From `linux/mman.h`; the same on all architectures that Node runs on. */
const MREMAP_MAYMOVE = 1;
const PROT_READ = 1;
const MAP_FAILED = 2n ** 64n - 1n;

let loaded: Promise<NativeMemory> | undefined;

/**
 * By `koffi`, an optional dependency, which is loaded when it is first needed: 20 to 50 ms.
 *
 * @throws Error when it is not installed, or cannot be loaded.
 */
export function loadNativeMemory(): Promise<NativeMemory> {
  loaded ??= import('koffi').then((koffi) => linuxMemory(koffi.default as unknown as Koffi));
  return loaded;
}

function linuxMemory(koffi: Koffi): NativeMemory {
  const libc = koffi.load(null);
  const mremap = libc.func('void *mremap(void *old, size_t oldSize, size_t newSize, int flags)');
  const mprotect = libc.func('int mprotect(void *start, size_t length, int protection)');
  const munmap = libc.func('int munmap(void *start, size_t length)');

  const failed = (call: string) => new Error(`${call} failed with errno ${koffi.errno()}.`);

  return {
    mapAgain(address, length) {
      // An old size of 0 leaves the old mapping where it is and makes a second one of a shared mapping (mremap(2)).
      const start = mremap(address, 0, length, MREMAP_MAYMOVE);
      if (koffi.address(start) === MAP_FAILED) throw failed('mremap');
      const unmap = () => munmap(start, length);
      try {
        if (mprotect(start, length, PROT_READ) !== 0) throw failed('mprotect');
        return { address: koffi.address(start), buffer: koffi.view(start, length), unmap };
      } catch (error) {
        unmap();
        throw error;
      }
    },
  };
}
