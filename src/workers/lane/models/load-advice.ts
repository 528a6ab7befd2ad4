/** What to change if onnxruntime refuses a graph for a known reason. Pure. */
import { elementName } from '../../../shared/models/element-names.ts';

interface Reason {
  readonly pattern: RegExp;
  /** `found`: the groups of the pattern. */
  readonly advice: (found: readonly string[], onnxruntime: string) => string;
}

const REASONS: readonly Reason[] = [
  {
    pattern: /Failed to construct locale with name:\s*([\w.@-]+?):/,
    advice: ([locale = '']) =>
      `the graph changes the case of texts by the locale ${locale}, which is not installed: install it (Debian: package locales, then ${localedef(locale)}), or give the model lower-case texts and export it without that step (sklearn: lowercase=False)`,
  },
  {
    pattern: /([\w.]+):(\w+)\(-?\d+\) is not a registered function\/op/,
    advice: ([domain, operator]) =>
      `the graph uses the custom operator ${operator} of ${domain}, which onnxruntime does not have: export the model with standard ONNX operators only`,
  },
  {
    pattern: /No Op registered for (\w+) with domain_version of (\d+)/,
    advice: ([operator, opset]) =>
      `the graph uses the operator ${operator}, which does not exist in its opset ${opset}: export the model again, with standard ONNX operators and the opset that has them`,
  },
  {
    pattern: /Opset (\d+) is under development[^]*support for domain ([\w.]+) is till opset (\d+)/,
    advice: ([opset, domain, newest], onnxruntime) =>
      `the graph needs opset ${opset} of ${domain}, but onnxruntime ${onnxruntime} has opsets up to ${newest}: export the model with opset ${newest} or lower`,
  },
  {
    pattern: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    advice: ([version, newest], onnxruntime) =>
      `the graph has the IR version ${version}, but onnxruntime ${onnxruntime} reads versions up to ${newest}: set model.ir_version = ${newest} in Python before saving it, or save it with an older onnx package`,
  },
  {
    pattern: /Could not find an implementation for (\w+)\((\d+)\)/,
    advice: ([operator, version]) =>
      `onnxruntime has no ${operator} (version ${version}) for the number type that the graph gives it: export the model in float32`,
  },
  {
    pattern: /Unsupported data type: (\d+)/,
    advice: ([type = '']) =>
      `the graph has an input or an output of ${elementName(Number(type))}, which onnxruntime-node cannot carry: export the model with a Cast to float32 there`,
  },
  {
    // After the others, which know more. The message may begin with a place in onnxruntime's own code.
    pattern:
      /((?:This is an invalid|Invalid) model|Type Error|Node \(.*?\) Op \(\w+\) \[\w+InferenceError\])(.*)/,
    advice: ([kind = '', more = '']) =>
      `the graph contradicts itself, so onnxruntime refuses it (${`${kind}${more}`.trim().replace(/\.+$/, '')}): export it again. In Python, onnx.checker.check_model("model.onnx", full_check=True) finds such faults`,
  },
];

/** The command that makes a locale, such as `en_US.UTF-8`. */
function localedef(locale: string): string {
  const [language = locale, charset = 'UTF-8'] = locale.split('.');
  return `localedef -i ${language} -f ${charset} ${locale}`;
}

/** One sentence, or null if the reason is unknown. `onnxruntime`: the version of onnxruntime. */
export function loadAdvice(message: string, onnxruntime: string): string | null {
  for (const { pattern, advice } of REASONS) {
    const found = pattern.exec(message);
    if (found !== null) return advice(found.slice(1), onnxruntime);
  }
  return null;
}
