/** Small helpers to read JPEG files. Numbers in the file have their high byte first. */

export function word(at: usize): i32 {
  return ((<i32>load<u8>(at)) << 8) | <i32>load<u8>(at, 1);
}
