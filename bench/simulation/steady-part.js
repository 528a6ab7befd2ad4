/** The middle half of a job, without its start and its last blocks. */

/**
 * @param {{ ms: number, share: number, cpu: Record<string, number> }[]} samples in order. Throws if they are too few.
 * @param {readonly string[]} kinds
 */
export function steadyPart(samples, kinds) {
  const from = samples.find(({ share }) => share >= 0.25);
  const to = samples.find(({ share }) => share >= 0.75);
  if (from === undefined || to === undefined || to.ms === from.ms) throw new Error('the job was too short');
  const seconds = (to.ms - from.ms) / 1000;
  const cores = Object.fromEntries(kinds.map((kind) => [kind, (to.cpu[kind] - from.cpu[kind]) / seconds]));
  return { seconds, share: to.share - from.share, cores };
}
