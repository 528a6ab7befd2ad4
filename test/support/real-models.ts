// Configs of models in ../shared/data. The benchmarks run the same models.
interface Models {
  readonly MODELS: {
    readonly 'yolox-nano': {
      readonly config: () => { readonly preprocess: Readonly<Record<string, unknown>> };
    };
  };
}

const { MODELS } = (await import(new URL('../../bench/harness/models.js', import.meta.url).href)) as Models;

/** Of yolox-nano. */
export const YOLOX = MODELS['yolox-nano'].config();
