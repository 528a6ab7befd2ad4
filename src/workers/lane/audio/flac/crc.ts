/** The checksum of a FLAC frame: CRC-16 with the polynomial x^16 + x^15 + x^2 + 1. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x8005;
  return crc;
});

/** 0 for bytes that end with their own checksum. */
export function crc16(bytes: Uint8Array, from: number, until: number): number {
  let crc = 0;
  for (let i = from; i < until; i++) crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}
