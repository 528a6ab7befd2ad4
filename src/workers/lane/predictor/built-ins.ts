/**
 * Puts functions of JavaScript back that code of users has replaced. The lane and all its models share them: with
 * another `Array.prototype.map`, the lane wrote rows without answers. Loops here use indexes, because the code may
 * also have replaced iterators.
 */
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;

interface BuiltIn {
  readonly name: string;
  readonly holder: Record<PropertyKey, unknown>;
  readonly key: PropertyKey;
  readonly value: unknown;
}

/** What the lane uses for each batch. Not Math and Date, which code replaces to get the same numbers each time. */
const HOLDERS: Readonly<Record<string, object>> = {
  Array,
  'Array.prototype': Array.prototype,
  'Array iterator': getPrototypeOf([][Symbol.iterator]()) as object,
  Object,
  'Object.prototype': Object.prototype,
  JSON,
  Promise,
  'Promise.prototype': Promise.prototype,
  'Map.prototype': Map.prototype,
  'Set.prototype': Set.prototype,
  'String.prototype': String.prototype,
  'Number.prototype': Number.prototype,
  'RegExp.prototype': RegExp.prototype,
  'TypedArray.prototype': getPrototypeOf(Uint8Array.prototype) as object,
  Buffer,
  'Buffer.prototype': Buffer.prototype,
  'TextEncoder.prototype': TextEncoder.prototype,
  'TextDecoder.prototype': TextDecoder.prototype,
};

/** Tensors and files. */
const TYPED_ARRAYS = [
  'BigInt64Array',
  'Float32Array',
  'Float64Array',
  'Int32Array',
  'Int8Array',
  'Uint16Array',
  'Uint8Array',
] as const;

const GLOBALS = [
  'Array',
  'Buffer',
  'JSON',
  'Map',
  'Number',
  'Object',
  'Promise',
  'RegExp',
  'Set',
  'String',
  'TextDecoder',
  'TextEncoder',
  'setImmediate',
  'setTimeout',
  ...TYPED_ARRAYS,
];

/** What the packages for coloured text replace: old methods that return HTML. */
const HTML_METHODS: ReadonlySet<PropertyKey> = new Set(
  'anchor big blink bold fixed fontcolor fontsize italics link small strike sub sup'.split(' '),
);

const BUILT_INS: readonly BuiltIn[] = [
  ...Object.entries(HOLDERS).flatMap(([name, holder]) => functionsOf(name, holder)),
  ...TYPED_ARRAYS.flatMap((name) => inheritedOf(`${name}.prototype`, globalThis[name].prototype)),
  ...GLOBALS.map((key) => {
    const holder = globalThis as unknown as BuiltIn['holder'];
    return { name: key, holder, key, value: holder[key] };
  }),
];

/** The methods that code may hide with one of this class alone. */
function inheritedOf(name: string, of: object): BuiltIn[] {
  const holder = of as BuiltIn['holder'];
  return ['fill', 'set', 'slice', 'subarray'].map((key) => ({
    name: `${name}.${key}`,
    holder,
    key,
    value: holder[key],
  }));
}

function functionsOf(name: string, of: object): BuiltIn[] {
  const holder = of as BuiltIn['holder'];
  return Reflect.ownKeys(of).flatMap((key) => {
    const value: unknown = getOwnPropertyDescriptor(of, key)?.value;
    const isWanted = typeof value === 'function' && !(of === String.prototype && HTML_METHODS.has(key));
    return isWanted ? [{ name: `${name}.${String(key)}`, holder, key, value }] : [];
  });
}

/** Returns the name of a function that was replaced, or null. Takes 10 us. */
export function restoreBuiltIns(): string | null {
  let replaced: string | null = null;
  for (let i = 0; i < BUILT_INS.length; i++) {
    const { name, holder, key, value } = BUILT_INS[i]!;
    if (holder[key] === value) continue;
    replaced ??= name;
    defineProperty(holder, key, { value, writable: true, configurable: true, enumerable: false });
  }
  return replaced;
}

/** For code that runs once. `what`: says which. */
export function reportReplaced(what: string): void {
  const name = restoreBuiltIns();
  if (name !== null)
    process.stderr.write(`forebay lane: ${what} replaced ${name}. The lane has put it back\n`);
}
