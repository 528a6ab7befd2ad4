/** Parses protobuf's text format, as far as Triton's config.pbtxt uses it. Pure. */

/** Numbers are kept as numbers. Names of enums and booleans are texts. */
export type PbValue = number | string | PbMessage;
/** Every field is a list, because only its schema knows whether it repeats. */
export type PbMessage = ReadonlyMap<string, readonly PbValue[]>;

/** Throws an Error that names the line. */
export function parsePbtxt(text: string): PbMessage {
  const tokens = tokensOf(text);
  let next = 0;
  const peek = () => tokens[next];
  const fail = (what: string): Error => {
    const token = peek() ?? tokens.at(-1);
    const found = peek() === undefined ? 'the end' : `"${peek()!.text}"`;
    return new Error(`line ${token?.line ?? 1}: expected ${what}, found ${found}`);
  };
  const take = (what: string, fits: (token: Token) => boolean): Token => {
    const token = peek();
    if (token === undefined || !fits(token)) throw fail(what);
    next += 1;
    return token;
  };
  const skip = (text: string): boolean => {
    if (peek()?.text !== text || peek()!.is !== 'sign') return false;
    next += 1;
    return true;
  };

  function message(end: string | null): PbMessage {
    const fields = new Map<string, PbValue[]>();
    while (end === null ? peek() !== undefined : !skip(end)) {
      const { text: name } = take(
        end === null ? 'a field' : `a field or "${end}"`,
        ({ is }) => is === 'word',
      );
      const hasColon = skip(':');
      const values = fields.get(name) ?? [];
      if (skip('[')) list(values);
      else if (hasColon || isOpening(peek())) values.push(value());
      else throw fail(`":" after ${name}`);
      fields.set(name, values);
      if (!skip(',')) skip(';');
    }
    return fields;
  }

  function list(values: PbValue[]): void {
    if (skip(']')) return;
    do values.push(value());
    while (skip(','));
    take('"," or "]"', (token) => token.is === 'sign' && token.text === ']');
  }

  function value(): PbValue {
    if (skip('{')) return message('}');
    if (skip('<')) return message('>');
    const token = take('a value', ({ is }) => is !== 'sign');
    if (token.is !== 'string') return token.is === 'number' ? Number(token.text) : token.text;
    // Adjacent strings are joined into one.
    let whole = token.text;
    while (peek()?.is === 'string') whole += take('a string', () => true).text;
    return whole;
  }

  return message(null);
}

interface Token {
  readonly is: 'word' | 'number' | 'string' | 'sign';
  readonly text: string;
  readonly line: number;
}

function isOpening(token: Token | undefined): boolean {
  return token?.is === 'sign' && (token.text === '{' || token.text === '<');
}

const TOKEN =
  /(?<space>\s+|#[^\n]*)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<number>-?(?:0x[\da-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)f?(?![\w.]))|(?<word>-?[a-z_][\w./-]*)|(?<sign>[{}[\]<>:,;])/giy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new Error(`line ${line}: unexpected ${JSON.stringify(text[at])}`);
    const { space, string, number, word, sign } = groups;
    if (string !== undefined) tokens.push({ is: 'string', text: unquoted(string), line });
    else if (number !== undefined)
      tokens.push({ is: 'number', text: number.replace(/(?<!x.*)f$/i, ''), line });
    else if (word !== undefined) tokens.push({ is: 'word', text: word, line });
    else if (sign !== undefined) tokens.push({ is: 'sign', text: sign, line });
    else line += space!.split('\n').length - 1;
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}
