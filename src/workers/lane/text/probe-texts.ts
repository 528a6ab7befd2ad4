/** Made-up texts for trying a model. They are of different lengths, and the plainest one is the last. */
export const PROBE_TEXTS: readonly string[] = [
  'How do I reset my password?',
  `The quick brown fox jumps over the lazy dog, while 1,024 small boats cross the bay at 7:45 in the morning. Nobody on
   board had ever seen a storm of this size; the captain, who had sailed for thirty years, turned back to the harbour.`,
  '42 % -- +++ ??? 3.14159 (x) [y] {z} @home #tag https://example.org/?q=1',
  'a',
];
