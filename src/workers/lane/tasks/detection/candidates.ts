/**
 * The boxes of one image that may become its answer, with their corners in pixels of the model's input. Reused for the
 * next image.
 */
export interface Candidates {
  readonly count: number;
  /** Of each box: left, top, right, bottom. */
  readonly corners: Float64Array;
  readonly scores: Float64Array;
  readonly labels: Int32Array;
  /** What is wrong with the model's numbers, in words. Null if nothing. */
  readonly problem: string | null;
  add(left: number, top: number, right: number, bottom: number, score: number, label: number): void;
  /** Records that the model's numbers are wrong. */
  reject(problem: string): void;
  clear(): void;
}

const FIRST_ROOM = 256;

export function createCandidates(): Candidates {
  let count = 0;
  let problem: string | null = null;
  let corners = new Float64Array(FIRST_ROOM * 4);
  let scores = new Float64Array(FIRST_ROOM);
  let labels = new Int32Array(FIRST_ROOM);

  function grow(): void {
    const from = { corners, scores, labels };
    corners = new Float64Array(corners.length * 2);
    scores = new Float64Array(scores.length * 2);
    labels = new Int32Array(labels.length * 2);
    corners.set(from.corners);
    scores.set(from.scores);
    labels.set(from.labels);
  }

  return {
    get count() {
      return count;
    },
    get corners() {
      return corners;
    },
    get scores() {
      return scores;
    },
    get labels() {
      return labels;
    },
    get problem() {
      return problem;
    },
    add(left, top, right, bottom, score, label) {
      if (count === scores.length) grow();
      corners[count * 4] = left;
      corners[count * 4 + 1] = top;
      corners[count * 4 + 2] = right;
      corners[count * 4 + 3] = bottom;
      scores[count] = score;
      labels[count] = label;
      count += 1;
    },
    reject(why) {
      problem ??= why;
    },
    clear() {
      count = 0;
      problem = null;
    },
  };
}
