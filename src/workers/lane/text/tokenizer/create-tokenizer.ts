/** Chooses the tokenizer for a file: in JavaScript if it is exact there, else the compiled one. */
import { createRequire } from 'node:module';
import { ForebayError, messageOf } from '../../../../shared/errors.ts';
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';
import { isExactInJs } from './exact-in-js.ts';
import { createJsTokenizer } from './js-tokenizer.ts';
import { createNativeTokenizer, NATIVE, type NativeLibrary } from './native-tokenizer.ts';
import { canPlace } from './places/place-tokens.ts';
import type { TextTokenizer } from './text-tokenizer.ts';

/** Throws ForebayError `model_load_failed`. `name`: of the file. `places`: whether the places of tokens are needed. */
export function createTokenizer(file: TokenizerFile, name: string, places: boolean): TextTokenizer {
  const inJs = isExactInJs(file) && (!places || canPlace(file));
  try {
    if (inJs) return createJsTokenizer(file, places);
    return createNativeTokenizer(nativeLibrary(name, places), file, places);
  } catch (cause) {
    if (cause instanceof ForebayError) throw cause;
    throw new ForebayError('model_load_failed', `cannot use the tokenizer ${name}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function nativeLibrary(name: string, places: boolean): NativeLibrary {
  try {
    return createRequire(import.meta.url)(NATIVE) as NativeLibrary;
  } catch (cause) {
    const what = places ? 'Finding the places of its tokens needs' : 'The file needs';
    throw new ForebayError(
      'model_load_failed',
      `the JavaScript tokenizer cannot run ${name} exactly. ${what} the optional package ${NATIVE}, which cannot be loaded here: npm install ${NATIVE}`,
      { cause },
    );
  }
}
