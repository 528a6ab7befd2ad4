/**
 * Decompresses zstd as a stream: the original library as WebAssembly, because Node.js has it only since version 22.15. It
 * verifies checksums, and refuses windows above 128 MB (ADR 22).
 */

/** The functions of the library. All numbers are addresses or sizes. */
interface Zstd {
  bytes(): Uint8Array;
  malloc(size: number): number;
  free(address: number): void;
  createContext(): number;
  freeContext(context: number): void;
  decompress(context: number, output: number, input: number): number;
}

const IN_BYTES = 128 * 1024;
/** Bounds how long one call takes. */
const OUT_BYTES = 128 * 1024;
/** Two structs of three numbers: address, size and position. */
const STRUCT_BYTES = 12;
/** Results above this are errors. */
const FIRST_ERROR = 2 ** 32 - 120;

const ERRORS: Readonly<Record<number, string>> = {
  10: 'other data follows the compressed data',
  16: 'it needs a window of more than 128 MB. Compress it without --ultra and --long',
  20: 'its data is corrupt',
  22: 'its checksum does not match',
  32: 'it needs a dictionary',
  64: 'there is not enough memory to decompress it',
};

let library: Promise<Zstd> | null = null;

/** Throws the error of `chunks`, or an Error that says what is wrong with the data. */
export async function* unzstd(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const zstd = await (library ??= load());
  const context = zstd.createContext();
  const input = zstd.malloc(IN_BYTES);
  const output = zstd.malloc(OUT_BYTES);
  const structs = zstd.malloc(2 * STRUCT_BYTES);
  /** 0: a frame has just ended. */
  let expects = 0;
  try {
    if ([context, input, output, structs].includes(0)) throw new Error(ERRORS[64]);
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += IN_BYTES) {
        const piece = chunk.subarray(at, at + IN_BYTES);
        zstd.bytes().set(piece, input);
        let used = 0;
        let filled = 0;
        do {
          const place = fieldsAt(zstd, structs);
          place.set([output, OUT_BYTES, 0, input, piece.length, used]);
          expects = zstd.decompress(context, structs, structs + STRUCT_BYTES);
          if (expects > FIRST_ERROR) {
            const code = 2 ** 32 - expects;
            throw new Error(ERRORS[code] ?? `the error code of zstd is ${code}`);
          }
          // The memory may have moved.
          const now = fieldsAt(zstd, structs);
          filled = now[2]!;
          used = now[5]!;
          if (filled > 0) yield zstd.bytes().slice(output, output + filled);
          // A full output may mean that more is ready. After the end of a frame there is nothing.
        } while (used < piece.length || (filled === OUT_BYTES && expects !== 0));
      }
    }
    if (expects !== 0) throw new Error('it ends too early');
  } finally {
    zstd.freeContext(context);
    for (const address of [input, output, structs]) zstd.free(address);
  }
}

function fieldsAt(zstd: Zstd, structs: number): Uint32Array {
  return new Uint32Array(zstd.bytes().buffer, structs, (2 * STRUCT_BYTES) / 4);
}

/** The package's own interface reports no errors and frees no memory if a stream is not read to its end. */
async function load(): Promise<Zstd> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  let exports: Readonly<Record<string, unknown>> = {};
  class Decoder extends ZSTDDecoder {
    override _init(result: { readonly instance: WebAssembly.Instance; readonly module: WebAssembly.Module }) {
      super._init(result);
      exports = { ...result.instance.exports };
    }
  }
  await new Decoder().init();
  const { memory } = exports;
  const buffer = () => {
    if (typeof memory === 'object' && memory !== null && 'buffer' in memory) {
      if (memory.buffer instanceof ArrayBuffer) return memory.buffer;
    }
    throw new Error('zstddec has no memory');
  };
  const call = (name: string) => {
    const found = exports[name];
    if (typeof found !== 'function') throw new Error(`zstddec has no function ${name}`);
    return (...numbers: number[]) => Number(found(...numbers)) >>> 0;
  };
  return {
    bytes: () => new Uint8Array(buffer()),
    malloc: call('malloc'),
    free: call('free'),
    createContext: call('ZSTD_createDCtx'),
    freeContext: call('ZSTD_freeDCtx'),
    decompress: call('ZSTD_decompressStream'),
  };
}
