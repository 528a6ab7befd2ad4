import { expect, it } from 'vitest';
import { objectsIn, withAnswers } from '#forebay/workers/lane/pipeline/found-objects.js';

it('a field of an object that code has made gives way to the answer of that name, so no name is there twice', () => {
  const result = '"detections":[{"label":"car","box":[0,0,4,4],"plate":{"box":1}},{"box":[1,1,2,2]}]';
  const objects = objectsIn(result);
  for (const { answers } of objects) answers.set(1, '"label":"taxi","score":0.5');
  objects[0]!.answers.set(2, '"text":"B 1"');
  const places = new Map([
    [1, null],
    [2, 'plate'],
  ]);
  expect(withAnswers(result, objects, places)).toBe(
    '"detections":[{"label":"taxi","box":[0,0,4,4],"plate":{"text":"B 1"},"score":0.5},' +
      '{"box":[1,1,2,2],"label":"taxi","score":0.5}]',
  );
});
