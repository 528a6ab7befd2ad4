/** The token that fills up the shorter rows of a call. */
import { ForebayError } from '../../../shared/errors.ts';
import type { TokenizerFile } from '../../../shared/tasks/text/tokenizer-file.ts';
import { USUAL_PAD_TOKENS } from '../../../shared/tasks/text/usual-pad-tokens.ts';
import type { TokenizerTerms } from './bind-tokenizer.ts';
import type { TextTokenizer } from './tokenizer/text-tokenizer.ts';

/**
 * Returns the id of that token. Throws ForebayError `config_mismatch` if nothing names the token, or the config names
 * an unknown one.
 */
export function padIdOf(
  config: { readonly pad_token?: string | undefined; readonly tokenizer: string },
  file: TokenizerFile,
  tokenizer: Pick<TextTokenizer, 'idOf'>,
  terms: Omit<TokenizerTerms, 'maxLength'>,
): number {
  const { pad_token, tokenizer: name } = config;
  if (pad_token !== undefined) {
    const id = tokenizer.idOf(pad_token);
    if (id !== null) return id;
    throw refused(
      `${terms.padToken} is ${JSON.stringify(pad_token)}, but ${name} has no such token: name one that it has`,
    );
  }
  for (const one of [file.padding?.pad_token ?? [], USUAL_PAD_TOKENS].flat()) {
    const id = tokenizer.idOf(one);
    if (id !== null) return id;
  }
  throw refused(
    `a call needs a token that fills up its shorter texts, but ${name} has none: ${terms.addPadToken} (tokenizer_config.json has the name that the model was trained with)`,
  );
}

function refused(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}
