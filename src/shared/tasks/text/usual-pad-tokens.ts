/** Names that only a padding token has. */
export const USUAL_PAD_TOKENS: readonly string[] = ['[PAD]', '<pad>'];
