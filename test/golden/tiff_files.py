"""Writes TIFF files that Pillow reads but cannot write: byte orders, planes, tiles, YCbCr, odd sample types."""

import struct
import zlib

import numpy as np

BYTE, SHORT, LONG, RATIONAL = 1, 3, 4, 5
SIZES = {BYTE: 1, SHORT: 2, LONG: 4, RATIONAL: 8}


def tiff(tags, chunks, order="<", tiled=False):
    """A file of one page. `tags` is {number: (type, values)}. `chunks` are the strips or tiles in file order."""
    codes = {BYTE: "B", SHORT: "H", LONG: "I"}
    body = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytearray(4)
    offsets = []
    for chunk in chunks:
        offsets.append(len(body))
        body += chunk + b"\0" * (len(chunk) % 2)
    where, lengths = (324, 325) if tiled else (273, 279)
    tags = {**tags, where: (LONG, offsets), lengths: (LONG, [len(chunk) for chunk in chunks])}
    entries = []
    for number, (kind, values) in sorted(tags.items()):
        if kind == RATIONAL:
            packed = b"".join(struct.pack(order + "II", *value) for value in values)
        else:
            packed = struct.pack(f"{order}{len(values)}{codes[kind]}", *values)
        if len(packed) > 4:
            at, place = len(body), struct.pack(order + "I", len(body))
            body += packed + b"\0" * (len(packed) % 2)
            assert at % 2 == 0
        else:
            place = packed.ljust(4, b"\0")
        entries.append(struct.pack(order + "HHI", number, kind, len(values)) + place)
    struct.pack_into(order + "I", body, 4, len(body))
    body += struct.pack(order + "H", len(entries)) + b"".join(entries) + struct.pack(order + "I", 0)
    return bytes(body)


def basic(array, photometric, bits=None, compression=1, planar=1, rows=None, sample_format=None):
    """The tags that every image has. `array` is height x width, or height x width x samples."""
    height, width = array.shape[:2]
    samples = 1 if array.ndim == 2 else array.shape[2]
    tags = {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits or array.dtype.itemsize * 8] * samples),
        259: (SHORT, [compression]),
        262: (SHORT, [photometric]),
        277: (SHORT, [samples]),
        278: (LONG, [rows or height]),
        284: (SHORT, [planar]),
    }
    if sample_format is not None:
        tags[339] = (SHORT, [sample_format] * samples)
    return tags


def in_order(array, order):
    return array.astype(array.dtype.newbyteorder(order)).tobytes()


def strips(array, photometric, order="<", rows=None, more=None, **how):
    rows = rows or array.shape[0]
    chunks = [in_order(array[y : y + rows], order) for y in range(0, array.shape[0], rows)]
    return tiff({**basic(array, photometric, rows=rows, **how), **(more or {})}, chunks, order)


def planes(array, photometric, **how):
    chunks = [in_order(array[..., c], "<") for c in range(array.shape[2])]
    return tiff(basic(array, photometric, planar=2, **how), chunks)


def tiles(array, photometric, side=16):
    height, width = array.shape[:2]
    down, across = -(-height // side), -(-width // side)
    padded = np.zeros((down * side, across * side, *array.shape[2:]), array.dtype)
    padded[:height, :width] = array
    chunks = [
        padded[y * side : (y + 1) * side, x * side : (x + 1) * side].tobytes()
        for y in range(down)
        for x in range(across)
    ]
    tags = basic(array, photometric)
    del tags[278]
    return tiff({**tags, 322: (SHORT, [side]), 323: (SHORT, [side])}, chunks, tiled=True)


def ycbcr(rgb, across, down, deflate=False, more=None):
    """YCbCr without JPEG. `across` x `down` luma samples share the chroma samples of their first pixel."""
    height, width = rgb.shape[:2]
    high, wide = -(-height // down) * down, -(-width // across) * across
    source = np.pad(rgb, ((0, high - height), (0, wide - width), (0, 0)), mode="edge").astype(np.float64)
    r, g, b = source[..., 0], source[..., 1], source[..., 2]
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    cb, cr = (b - luma) / 1.772 + 128, (r - luma) / 1.402 + 128
    y8, cb8, cr8 = (np.clip(np.round(c), 0, 255).astype(np.uint8) for c in (luma, cb, cr))
    data = bytearray()
    for top in range(0, high, down):
        for left in range(0, wide, across):
            data += y8[top : top + down, left : left + across].tobytes()
            data += bytes([cb8[top, left], cr8[top, left]])
    tags = {**basic(rgb, 6, compression=8 if deflate else 1), **(more or {})}
    tags[530] = (SHORT, [across, down])
    tags[532] = (RATIONAL, [(0, 1), (255, 1), (128, 1), (255, 1), (128, 1), (255, 1)])
    return tiff(tags, [zlib.compress(bytes(data)) if deflate else bytes(data)])


def packed_bits(values, bits):
    """Rows of samples of fewer than 8 bits. Each row is padded to whole bytes."""
    height, width = values.shape
    out = bytearray()
    for y in range(height):
        digits = "".join(format(int(v), f"0{bits}b") for v in values[y])
        digits += "0" * (-len(digits) % 8)
        out += int(digits, 2).to_bytes(len(digits) // 8, "big")
    return bytes(out)


def few_bits(values, bits, photometric):
    return tiff(basic(values, photometric, bits=bits), [packed_bits(values, bits)])
