// Images in a store of objects, in the bucket or container `photos`.
import type { S3Server } from './seaweedfs.ts';

export const ODD_NAMES = ['a b.png', 'a%2e+c.png', 'd#e?f.png', 'g\u00e9\u{1f600}.png'];

/** Image i has the label i % 3. Puts `count` of them and a text below `in/`, and one under each odd name below `names/`. */
export async function putPhotos(
  server: Pick<S3Server, 'put'>,
  images: readonly Buffer[],
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const name = `in/${i % 2 ? 'odd' : 'even'}/${String(i).padStart(3, '0')}.png`;
    await server.put('photos', name, images[i % 3]!);
  }
  await server.put('photos', 'in/notes.txt', 'no image');
  for (const name of ODD_NAMES) await server.put('photos', `names/${name}`, images[1]!);
}
