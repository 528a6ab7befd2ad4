/** Lets a command read models in object stores, too. */
import type { Config } from '../../shared/config/config.ts';
import { createModelPlaces, type ModelPlaces } from '../../shared/models/places/model-places.ts';
import { createStores } from '../../shared/stores/stores.ts';

export async function withModelPlaces<T>(
  config: Config,
  use: (places: ModelPlaces) => Promise<T>,
): Promise<T> {
  const stores = createStores(config);
  try {
    return await use(createModelPlaces({ ...config, stores }));
  } finally {
    await stores.close();
  }
}
