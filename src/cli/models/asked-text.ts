/** Tells the user what follows from asking workers to load or unload a model. Pure. */
import type { ModelWire } from '../../api/http/wire/model.ts';
import { modelTitle } from '../../shared/models/version-name.ts';

export function askedText(order: 'load' | 'unload', model: ModelWire): string {
  const title = modelTitle(model);
  const what =
    order === 'load'
      ? `Workers are asked to load ${title}.`
      : `Workers are asked to unload ${title}. Its running jobs end first, and a later job loads it again.`;
  return `${what} It is ${model.status.replace('_', ' ')} now; see: forebay models inspect ${title}\n`;
}
