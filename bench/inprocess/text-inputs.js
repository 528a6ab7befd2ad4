/**
 * Rows of text as inputs of the text encoder. There is no tokenizer. The token ids are derived from the number of a row.
 */
import { VOCABULARY } from '../models/text-encoder.js';

/**
 * A row is a number. It has `from` to `to` token ids, padded to the longest row of the call.
 * @param {{ tokens: { from: number, to: number } }} config
 * @returns {{ read: Function, decode: Function, lengthOf: Function, feeds: Function }}
 */
export function textInputs({ tokens: { from, to } }) {
  const tokensOf = (row) => {
    const seed = Number(row);
    return Array.from(
      { length: from + ((seed * 7) % (to - from + 1)) },
      (_, i) => 1 + ((seed * 31 + i * 997) % (VOCABULARY - 1)),
    );
  };
  return {
    read: (row) => row,
    decode: tokensOf,
    lengthOf: (row) => tokensOf(row).length,
    feeds(decoded) {
      const longest = Math.max(...decoded.map((tokens) => tokens.length));
      const data = new BigInt64Array(decoded.length * longest);
      for (const [slot, tokens] of decoded.entries()) {
        for (const [i, token] of tokens.entries()) data[slot * longest + i] = BigInt(token);
      }
      return { type: 'int64', data, dims: [decoded.length, longest] };
    },
  };
}
