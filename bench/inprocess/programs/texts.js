/**
 * Turns texts into the inputs of a model call. A tokenizer library makes the tokens. A batch is sorted by length and
 * cut into calls of a limited number of tokens, by default as many as in the service.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { TOKENS_PER_CALL } from '../../../dist/shared/tasks/text/text-config.js';

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'decode' | 'calls' | 'feeds'>}
 */
export function textInputs({ graph, model, signature, tokensPerCall = TOKENS_PER_CALL }) {
  const tokenizer = tokenizerBeside(graph);
  const [begin, end] = ['[CLS]', '[SEP]'].map((token) => tokenizer.token_to_id(token));
  const room = model.max_length - 2;
  const names = signature.inputs.map((input) => input.name);
  return {
    decode(row) {
      const { text } = JSON.parse(row);
      const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: false });
      return { text, tokens, ids: [begin, ...(ids.length > room ? ids.slice(0, room) : ids), end] };
    },
    calls(decoded) {
      const order = decoded.map((_, i) => i).sort((a, b) => decoded[b].ids.length - decoded[a].ids.length);
      const calls = [];
      for (let at = 0; at < order.length;) {
        const most = Math.max(1, Math.floor(tokensPerCall / decoded[order[at]].ids.length));
        calls.push(order.slice(at, at + most));
        at += most;
      }
      return calls;
    },
    feeds(decoded) {
      const length = Math.max(...decoded.map(({ ids }) => ids.length));
      const dims = [decoded.length, length];
      const ids = new BigInt64Array(decoded.length * length);
      const mask = new BigInt64Array(decoded.length * length);
      for (const [row, { ids: own }] of decoded.entries()) {
        for (let i = 0; i < own.length; i++) ids[row * length + i] = BigInt(own[i]);
        mask.fill(1n, row * length, row * length + own.length);
      }
      const given = {
        input_ids: ids,
        attention_mask: mask,
        token_type_ids: new BigInt64Array(decoded.length * length),
      };
      return Object.fromEntries(names.map((name) => [name, { type: 'int64', data: given[name], dims }]));
    },
  };
}

/** The tokenizer neither adds special tokens nor cuts texts, because `decode` does both. */
function tokenizerBeside(graph) {
  const file = JSON.parse(readFileSync(join(dirname(graph), 'tokenizer.json'), 'utf8'));
  return new Tokenizer({ ...file, truncation: null, padding: null, post_processor: null, decoder: null }, {});
}
