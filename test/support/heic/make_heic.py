"""Writes HEIC samples for heic.test.ts, and their pixels as pillow-heif decodes them. Needs numpy and pillow-heif."""
import numpy
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
WIDTH, HEIGHT = 80, 56


def scene() -> Image.Image:
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = numpy.stack([x * 3, y * 4, 255 - x * 2 - y], axis=-1).clip(0, 255).astype(numpy.uint8)
    pixels[8:24, 10:30] = (230, 30, 20)
    return Image.fromarray(pixels)


def write(name: str, image: Image.Image, **options: object) -> None:
    image.save(f"{name}.heic", quality=80, **options)
    with Image.open(f"{name}.heic") as read:
        read.convert("RGB").save(f"{name}.png", optimize=True)


write("plain", scene())
exif = Image.Exif()
exif[0x0112] = 6
write("turned", scene(), exif=exif.tobytes())
alpha = scene().convert("RGBA")
alpha.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
write("alpha", alpha)
deep = numpy.asarray(scene()).astype(numpy.uint16) * 257
pillow_heif.encode("RGB;16", (WIDTH, HEIGHT), deep.tobytes(), "ten-bits.heic", quality=80)
Image.open("ten-bits.heic").convert("RGB").save("ten-bits.png", optimize=True)
