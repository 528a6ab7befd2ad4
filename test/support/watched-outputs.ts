import type { Outputs } from '#forebay/shared/storage/output.js';

/** The same outputs, with the names of files that were read, in order. Only names with this prefix are noted. */
export function watchedOutputs(real: Outputs, prefix = '') {
  const read: string[] = [];
  const outputs: Outputs = {
    of(place) {
      const output = real.of(place);
      return {
        ...output,
        async read(name, most) {
          if (name.startsWith(prefix)) read.push(name);
          return output.read(name, most);
        },
      };
    },
  };
  return { outputs, read };
}
