/** Chooses the tokenizer for a file: in JavaScript if it is exact there, else the compiled one. */
import { createRequire } from 'node:module';
import { ForebayError, messageOf } from '../../../../shared/errors.ts';
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';
import { isExactInJs } from './exact-in-js.ts';
import { createJsTokenizer } from './js-tokenizer.ts';
import { createNativeTokenizer, NATIVE, type NativeLibrary } from './native-tokenizer.ts';
import { canFindOffsets } from './offsets/find-offsets.ts';
import type { TextTokenizer } from './text-tokenizer.ts';
import { cleansSpaces, OTHER_SPACES, withOtherSpaces } from './other-spaces.ts';

/** Throws ForebayError `model_load_failed`. `name`: of the file. `offsets`: whether the offsets of tokens are needed. */
export function createTokenizer(file: TokenizerFile, name: string, offsets: boolean): TextTokenizer {
  const why = whyNotInJs(file, offsets);
  try {
    const compiled = (reason: string) => createNativeTokenizer(nativeLibrary(name, reason), file, offsets);
    if (why !== null) return compiled(why);
    const inJs = createJsTokenizer(file, offsets);
    return cleansSpaces(file) ? inJs : withOtherSpaces(inJs, () => compiled(OTHER_SPACES));
  } catch (cause) {
    if (cause instanceof ForebayError) throw cause;
    throw new ForebayError('model_load_failed', `cannot use the tokenizer ${name}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Why the JavaScript tokenizer cannot run the file, as the end of a sentence. Null if it can. */
export function whyNotInJs(file: TokenizerFile, offsets: boolean): string | null {
  if (!isExactInJs(file)) return 'does not run it exactly';
  if (offsets && !canFindOffsets(file)) return 'does not find the offsets of its tokens in the text';
  return null;
}

function nativeLibrary(name: string, why: string): NativeLibrary {
  try {
    return createRequire(import.meta.url)(NATIVE) as NativeLibrary;
  } catch (cause) {
    throw new ForebayError(
      'model_load_failed',
      `${name} needs the optional package ${NATIVE}, because the tokenizer in JavaScript ${why}. The package cannot be loaded here: npm install ${NATIVE}`,
      { cause },
    );
  }
}
