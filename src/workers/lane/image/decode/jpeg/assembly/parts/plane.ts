/**
 * The samples of one row of MCUs, for each component: a line from the row above, its own lines, and room for one line
 * below. Upsampling needs the samples around each sample, and finds the outermost ones repeated beyond the image.
 */

/** Bytes before each line. */
const MARGIN: usize = 16;
/** Bytes after each line, for whole vectors. */
const BEHIND: usize = 64;

/** Per component: the address of its line above, bytes from line to line, lines, and the image's columns and lines. */
const PLANES: usize = memory.data(96, 16);

function plane(component: i32): usize {
  return PLANES + ((<usize>component) << 5);
}

export function strideOf(component: i32): usize {
  return load<usize>(plane(component), 4);
}

/** The address of a line. 0 is the line above, 1 is the row's first line. */
export function lineOf(component: i32, line: i32): usize {
  return load<usize>(plane(component)) + strideOf(component) * <usize>line;
}

/**
 * Puts a plane to `at`. `blocks`: in a line. `lines`: of the row. `realColumns` and `realLines`: samples of the whole
 * image. Returns the address after the plane.
 */
export function openPlane(
  component: i32,
  at: usize,
  blocks: i32,
  lines: i32,
  realColumns: i32,
  realLines: i32,
): usize {
  const stride = MARGIN + ((((<usize>blocks) << 3) + 15) & ~15) + BEHIND;
  store<usize>(plane(component), at + MARGIN);
  store<usize>(plane(component), stride, 4);
  store<i32>(plane(component), lines, 8);
  store<i32>(plane(component), realColumns, 12);
  store<i32>(plane(component), realLines, 16);
  return at + stride * (<usize>lines + 2);
}

/** Repeats the outermost samples of row `row` of MCUs beyond the image. */
export function repeatEdges(component: i32, row: i32): void {
  const lines = load<i32>(plane(component), 8);
  const columns = <usize>load<i32>(plane(component), 12);
  const real = min(lines, load<i32>(plane(component), 16) - row * lines);
  for (let y = 1; y <= real; y++) {
    const line = lineOf(component, y);
    store<u8>(line - 1, load<u8>(line));
    store<u8>(line + columns, load<u8>(line + columns - 1));
  }
  if (row == 0) copyLine(component, 1, 0);
  if (real == load<i32>(plane(component), 16) - row * lines) copyLine(component, real, real + 1);
}

/** Makes the last line of this row the line above the next one. */
export function keepLast(component: i32): void {
  copyLine(component, load<i32>(plane(component), 8), 0);
}

function copyLine(component: i32, from: i32, to: i32): void {
  memory.copy(lineOf(component, to) - MARGIN, lineOf(component, from) - MARGIN, strideOf(component));
}
