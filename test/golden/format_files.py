"""Yields one small file, as (name, extension, data), for each way in which the accepted formats store pixels."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

import tiff_files as tf

WIDTH, HEIGHT = 44, 36


def encode(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def files(rgb8, alpha8):
    rgb = rgb8(WIDTH, HEIGHT)
    alpha = alpha8(WIDTH, HEIGHT)
    photo = Image.fromarray(rgb)
    yield from pngs(photo, rgb, alpha)
    yield from gifs(photo)
    yield from webps(photo, rgb, alpha)
    yield from tiffs(photo, rgb, alpha)
    yield from avifs(photo, rgb, alpha)


def png(width, height, depth, kind, rows, chunks=(), interlace=0):
    """`rows` are packed samples without filters. `chunks` are (type, data) before the pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def adam7(array):
    """Yields the rows of the seven Adam7 passes."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    for top, left, down, across in passes:
        yield from (row.tobytes() for row in array[top::down, left::across] if row.size)


def pngs(photo, rgb, alpha):
    grey = np.asarray(photo.convert("L"))
    size = (WIDTH, HEIGHT)
    for bits in (1, 2, 4):
        few = grey >> (8 - bits)
        packed = tf.packed_bits(few, bits)
        line = len(packed) // HEIGHT
        rows = [packed[y * line : (y + 1) * line] for y in range(HEIGHT)]
        yield f"png-grey-{bits}-bit", "png", png(*size, bits, 0, rows)
        clear = (b"tRNS", struct.pack(">H", 1))
        yield f"png-grey-{bits}-bit-clear", "png", png(*size, bits, 0, rows, [clear])
        palette = (b"PLTE", bytes((i * 37 + c * 80) % 256 for i in range(2**bits) for c in range(3)))
        yield f"png-palette-{bits}-bit", "png", png(*size, bits, 3, rows, [palette])
    rows = [row.tobytes() for row in grey]
    yield "png-grey-clear", "png", png(*size, 8, 0, rows, [(b"tRNS", struct.pack(">H", int(grey[9, 9])))])
    rows = [row.tobytes() for row in rgb]
    clear = (b"tRNS", struct.pack(">HHH", *(int(v) for v in rgb[9, 9])))
    yield "png-rgb-clear", "png", png(*size, 8, 2, rows, [clear])
    yield "png-interlaced", "png", png(*size, 8, 2, list(adam7(rgb)), interlace=1)
    indexed = photo.quantize(16)
    yield "png-palette-clear", "png", encode(indexed, "PNG", transparency=bytes([0, 128, 255, 7]))
    yield "png-palette-one-clear", "png", encode(indexed, "PNG", transparency=3)
    deep = (rgb.astype(np.uint16) * 257 + np.arange(HEIGHT * WIDTH * 3).reshape(rgb.shape) % 251).clip(0, 65535)
    rows = [row.astype(">u2").tobytes() for row in deep]
    yield "png-rgb-16-bit", "png", png(*size, 16, 2, rows)
    deep_alpha = np.dstack([deep, alpha.astype(np.uint16) * 257])
    yield "png-rgba-16-bit", "png", png(*size, 16, 6, [row.astype(">u2").tobytes() for row in deep_alpha])
    grey_alpha = deep_alpha[..., [0, 3]]
    yield "png-grey-alpha-16-bit", "png", png(*size, 16, 4, [row.astype(">u2").tobytes() for row in grey_alpha])
    yield "png-grey-alpha", "png", encode(Image.fromarray(np.dstack([grey, alpha]), "LA"), "PNG")
    frames = [photo.rotate(180), photo.rotate(90)]
    yield "png-animated", "png", encode(photo, "PNG", save_all=True, append_images=frames)
    yield "png-animated-hidden", "png", encode(
        photo, "PNG", save_all=True, append_images=frames, default_image=True
    )
    yield "png-profile", "png", encode(photo, "PNG", gamma=0.45455)


def gif(canvas, at, size, indices, palette, clear=None, background=0, local=False, interlaced=False, version=b"GIF89a"):
    """One frame with pixels as literal codes of 9 bits. Frequent clear codes keep the code length at 9 bits."""
    colours = len(palette) // 3
    bits = max(1, (colours - 1).bit_length())
    table = palette.ljust(3 * 2**bits, b"\0")
    flags = bits - 1
    out = version + struct.pack("<HHBBB", *canvas, 0 if local else 0x80 | flags, background, 0)
    if not local:
        out += table
    if clear is not None:
        out += b"\x21\xf9\x04" + struct.pack("<BHB", 1, 10, clear) + b"\0"
    out += b"\x2c" + struct.pack("<HHHHB", *at, *size, (0x80 | flags if local else 0) | (0x40 if interlaced else 0))
    if local:
        out += table
    rows = indices.reshape(size[1], size[0])
    if interlaced:
        rows = np.concatenate([rows[0::8], rows[4::8], rows[2::4], rows[1::2]])
    stream, held, count = bytearray(), 0, 0

    def put(code):
        nonlocal held, count
        held |= code << count
        count += 9
        while count >= 8:
            stream.append(held & 255)
            held >>= 8
            count -= 8

    for i, value in enumerate(rows.ravel()):
        if i % 250 == 0:
            put(256)
        put(int(value))
    put(257)
    stream.append(held & 255)
    blocks = b"".join(
        bytes([len(stream[i : i + 255])]) + bytes(stream[i : i + 255]) for i in range(0, len(stream), 255)
    )
    return out + b"\x08" + blocks + b"\0\x3b"


def gifs(photo):
    indexed = photo.quantize(16)
    palette = bytes(indexed.getpalette()[: 16 * 3])
    at = np.asarray(indexed)
    whole, origin = (WIDTH, HEIGHT), (0, 0)
    yield "gif-opaque", "gif", gif(whole, origin, whole, at, palette)
    yield "gif-87a", "gif", gif(whole, origin, whole, at, palette, version=b"GIF87a")
    yield "gif-clear", "gif", gif(whole, origin, whole, at, palette, clear=5)
    yield "gif-clear-local", "gif", gif(whole, origin, whole, at, palette, clear=5, local=True)
    yield "gif-interlaced", "gif", gif(whole, origin, whole, at, palette, interlaced=True)
    part = at[4:30, 6:40]
    inside = (6, 4), (34, 26), part
    yield "gif-small-frame", "gif", gif(whole, *inside, palette, background=7)
    yield "gif-small-frame-clear", "gif", gif(whole, *inside, palette, clear=5, background=7)
    yield "gif-small-frame-local", "gif", gif(whole, *inside, palette, background=7, local=True)
    yield "gif-frame-beyond", "gif", gif((30, 20), (6, 4), (34, 26), part, palette, clear=5)
    grey = bytes(v for i in range(256) for v in (i, i, i))
    yield "gif-grey-clear", "gif", gif(whole, origin, whole, np.asarray(photo.convert("L")), grey, clear=90)
    yield "gif-clear-beyond-palette", "gif", gif(whole, origin, whole, at, palette, clear=200)
    animated = [f.quantize(16) for f in (photo.rotate(180), photo.rotate(90))]
    yield "gif-animated", "gif", encode(indexed, "GIF", save_all=True, append_images=animated, transparency=2, disposal=2)


def webps(photo, rgb, alpha):
    rgba = Image.fromarray(np.dstack([rgb, alpha]), "RGBA")
    frames = [rgba.rotate(180), rgba.rotate(90)]
    yield "webp-lossy", "webp", encode(photo, "WEBP", quality=80)
    yield "webp-lossy-alpha", "webp", encode(rgba, "WEBP", quality=80, exact=True)
    yield "webp-lossless", "webp", encode(photo, "WEBP", lossless=True)
    yield "webp-animated", "webp", encode(photo, "WEBP", lossless=True, save_all=True, append_images=[photo.rotate(90)])
    yield "webp-animated-alpha", "webp", encode(
        rgba, "WEBP", lossless=True, exact=True, save_all=True, append_images=frames, background=(9, 99, 200, 255)
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "webp-orientation", "webp", encode(photo, "WEBP", lossless=True, exif=exif)


def tiffs(photo, rgb, alpha):
    grey = np.asarray(photo.convert("L"))
    deep = (rgb.astype(np.uint16) * 257 + np.arange(HEIGHT * WIDTH * 3).reshape(rgb.shape) % 251).clip(0, 65535).astype(np.uint16)
    yield "tiff-big-endian", "tif", tf.strips(rgb, 2, ">")
    yield "tiff-strips", "tif", tf.strips(rgb, 2, rows=5)
    yield "tiff-tiles", "tif", tf.tiles(rgb, 2)
    yield "tiff-planar", "tif", tf.planes(rgb, 2)
    yield "tiff-rgb-16-bit", "tif", tf.strips(deep, 2)
    yield "tiff-rgb-16-bit-big-endian", "tif", tf.strips(deep, 2, ">")
    yield "tiff-grey-16-bit", "tif", tf.strips(deep[..., 1].copy(), 1)
    yield "tiff-grey-16-bit-big-endian", "tif", tf.strips(deep[..., 1].copy(), 1, ">")
    yield "tiff-white-is-zero", "tif", tf.strips(grey, 0)
    yield "tiff-float", "tif", tf.strips((grey * 1.25 - 20.3).astype(np.float32), 1, sample_format=3)
    yield "tiff-int32", "tif", tf.strips((grey.astype(np.int32) * 2 - 60), 1, sample_format=2)
    rgba = np.dstack([rgb, alpha])
    yield "tiff-alpha", "tif", tf.strips(rgba, 2, more={338: (tf.SHORT, [2])})
    yield "tiff-alpha-premultiplied", "tif", tf.strips(rgba, 2, more={338: (tf.SHORT, [1])})
    for bits in (1, 2, 4):
        few = grey >> (8 - bits)
        yield f"tiff-grey-{bits}-bit", "tif", tf.few_bits(few, bits, 1)
        yield f"tiff-white-is-zero-{bits}-bit", "tif", tf.few_bits(few, bits, 0)
    indexed = photo.quantize(16)
    yield "tiff-palette", "tif", encode(indexed, "TIFF")
    yield "tiff-palette-lzw", "tif", encode(indexed, "TIFF", compression="tiff_lzw")
    for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"tiff-{name.replace('tiff_', '').replace('_', '-')}", "tif", encode(photo, "TIFF", compression=name)
    for name in ("group3", "group4", "tiff_ccitt"):
        yield f"tiff-{name.replace('tiff_', '')}", "tif", encode(photo.convert("1"), "TIFF", compression=name)
    yield "tiff-pages", "tif", encode(photo, "TIFF", save_all=True, append_images=[photo.rotate(180)])
    yield "tiff-jpeg-rgb", "tif", encode(photo, "TIFF", compression="jpeg", quality=90)
    yield "tiff-jpeg-ycbcr", "tif", encode(photo.convert("YCbCr"), "TIFF", compression="jpeg", quality=90)
    yield "tiff-jpeg-grey", "tif", encode(photo.convert("L"), "TIFF", compression="jpeg", quality=90)
    yield "tiff-ycbcr", "tif", encode(photo.convert("YCbCr"), "TIFF")
    yield "tiff-ycbcr-lzw", "tif", encode(photo.convert("YCbCr"), "TIFF", compression="tiff_lzw")
    # Pillow reads subsampled chroma only if it is compressed.
    yield "tiff-ycbcr-1x1", "tif", tf.ycbcr(rgb, 1, 1)
    for across, down in ((1, 1), (2, 1), (2, 2), (4, 4)):
        yield f"tiff-ycbcr-{across}x{down}-deflate", "tif", tf.ycbcr(rgb, across, down, deflate=True)
    turned = {274: (tf.SHORT, [6])}
    yield "tiff-ycbcr-1x1-turned", "tif", tf.ycbcr(rgb, 1, 1, more=turned)
    yield "tiff-ycbcr-2x2-turned", "tif", tf.ycbcr(rgb, 2, 2, deflate=True, more=turned)
    for value in range(2, 9):
        yield f"tiff-orientation-{value}", "tif", tf.strips(rgb, 2, more={274: (tf.SHORT, [value])})
    yield "tiff-orientation-6-lzw", "tif", encode(photo, "TIFF", compression="tiff_lzw", tiffinfo={274: 6})
    yield "tiff-orientation-6-jpeg", "tif", encode(
        photo.convert("YCbCr"), "TIFF", compression="jpeg", quality=90, tiffinfo={274: 6}
    )


def avifs(photo, rgb, alpha):
    # libheif upsamples chroma differently from libavif, so there is no reference for 4:2:0 and 4:2:2.
    how = {"speed": 8, "max_threads": 1}
    how["subsampling"] = "4:4:4"
    yield "avif-lossless", "avif", encode(photo, "AVIF", quality=100, **how)
    yield "avif-444", "avif", encode(photo, "AVIF", quality=80, **how)
    yield "avif-grey", "avif", encode(photo.convert("L"), "AVIF", quality=80, **{**how, "subsampling": "4:0:0"})
    yield "avif-alpha", "avif", encode(Image.fromarray(np.dstack([rgb, alpha]), "RGBA"), "AVIF", quality=80, **how)
    yield "avif-animated", "avif", encode(photo, "AVIF", quality=80, save_all=True, append_images=[photo.rotate(180)], **how)
    for value in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = value
        yield f"avif-orientation-{value}", "avif", encode(photo, "AVIF", quality=80, exif=exif, **how)
