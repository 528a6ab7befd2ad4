"""Renders test images, and makes the lane's references: crops with Pillow and tensors with NumPy.

Run it in this folder, in a virtual environment with `pip install Pillow==13.0.0 numpy`. It writes images/, crops/ and
golden.json. Everything is deterministic: shapes and gradients follow formulas, without fonts or random numbers.
"""

import hashlib
import io
import json
import pathlib

import numpy as np
import PIL
from PIL import Image, ImageOps

from format_files import files

HERE = pathlib.Path(__file__).parent
IMAGES, CROPS = HERE / "images", HERE / "crops"
KERNELS = {name: Image.Resampling[name.upper()] for name in ("nearest", "box", "bilinear", "bicubic", "lanczos")}


def scene(width, height):
    """RGB floats 0..1, height x width x 3: gradients, rings whose frequency grows outwards, and hard edges."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = x / width, y / height
    r2 = (u - 0.42) ** 2 + (v - 0.55) ** 2
    rings = 0.5 + 0.5 * np.cos(35 * r2)
    red = 0.15 + 0.7 * u
    green = 0.2 + 0.6 * rings
    blue = 0.9 - 0.6 * v
    box = (abs(u - 0.75) < 0.12) & (abs(v - 0.25) < 0.17)
    stripe = abs(u + v - 1.1) < 0.02
    for channel, inside, across in ((red, 0.95, 0.05), (green, 0.85, 0.05), (blue, 0.1, 0.1)):
        channel[box] = inside
        channel[stripe] = across
    return np.stack([red, green, blue], axis=-1)


def rgb8(width, height):
    return (scene(width, height) * 255 + 0.5).astype(np.uint8)


def alpha8(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return ((((x // 16) + (y // 16)) % 2) * 215 + 20).astype(np.uint8)


def resize_and_crop(image, resize, crop, kernel):
    """torchvision's Resize(int) and CenterCrop(int) on a Pillow RGB image, with padding. Unlike torchvision, it rounds
    the longer side (see src/workers/lane/image/decode/geometry.ts)."""
    width, height = image.size
    if resize is not None and min(width, height) != resize:
        if width <= height:
            size = (resize, round(resize * height / width))
        else:
            size = (round(resize * width / height), resize)
        image = image.resize(size, KERNELS[kernel])
    width, height = image.size
    if width < crop or height < crop:
        left, top = max(0, (crop - width) // 2), max(0, (crop - height) // 2)
        padded = Image.new("RGB", (max(width, crop), max(height, crop)))
        padded.paste(image, (left, top))
        image = padded
        width, height = image.size
    left, top = int(round((width - crop) / 2.0)), int(round((height - crop) / 2.0))
    return image.crop((left, top, left + crop, top + crop))


def prepare(image, resize, crop, kernel, pad=0, align="centre"):
    """Resizes to an exact size or by "letterbox". Then pads or crops to `crop` = (width, height)."""
    if resize == "letterbox":
        width, height = image.size
        scale = min(crop[0] / width, crop[1] / height)
        resize = (round(width * scale), round(height * scale))
    image = image.resize(resize, KERNELS[kernel])
    colour = tuple(pad) if isinstance(pad, list) else (pad,) * 3
    out = Image.new(image.mode, crop, colour if image.mode == "RGB" else pad)
    left, top = [
        0 if align == "top_left" else half if room >= 0 else -int(round(-room / 2))
        for room, half in [(whole - part, (whole - part) // 2) for whole, part in zip(crop, image.size)]
    ]
    out.paste(image, (left, top))
    return out


cases = []


def prepared_case(name, image, resize, crop, kernel, **more):
    """Adds a case for an image file that an earlier case has written."""
    with Image.open(IMAGES / image) as opened:
        pixels = opened.convert("L" if more.get("channels") == 1 else "RGB")
    options = {key: value for key, value in more.items() if key in ("pad", "align")}
    size = (crop, crop) if isinstance(crop, int) else crop
    expected = prepare(pixels, resize, size, kernel, **options).convert("RGB")
    sized = lambda pair: {"width": pair[0], "height": pair[1]} if isinstance(pair, tuple) else pair
    cases.append(
        {
            "name": f"{name}, {kernel}",
            "image": image,
            "expected": save_crop(f"{name}-{kernel}", expected),
            "preprocess": {"resize": sized(resize), "crop": sized(crop), "interpolation": kernel, **more},
        }
    )


def case(
    name,
    extension,
    data,
    reference=None,
    resize=64,
    crop=56,
    kernels=("bilinear", "bicubic"),
    auto_orient=False,
    worst=0,
):
    """Writes an image file and, for each kernel, the crop that Pillow makes of it (or of `reference`)."""
    file = f"{name}.{extension}"
    (IMAGES / file).write_bytes(data)
    image = reference if reference is not None else Image.open(io.BytesIO(data)).convert("RGB")
    for kernel in kernels:
        expected = save_crop(f"{name}-{kernel}", resize_and_crop(image, resize, crop, kernel))
        cases.append(
            {
                "name": f"{name}, {kernel}",
                "image": file,
                "expected": expected,
                "preprocess": {"resize": resize, "crop": crop, "interpolation": kernel, "auto_orient": auto_orient},
                **({"worst": worst} if worst else {}),
            }
        )


def format_case(name, extension, data):
    """Adds a case without resizing, so that every pixel is compared."""
    image = Image.open(io.BytesIO(data))
    how = {"resize": None, "crop": 40, "kernels": ("bilinear",)}
    if image.mode.startswith("I;16"):
        # The reference is the high byte, because Pillow itself clips to white.
        how["reference"] = Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)).convert("RGB")
    if extension == "avif" and name != "avif-grey":
        # libheif rounds differently from libavif when it converts YCbCr, so values are off by 1.
        how["worst"] = 1
    case(name, extension, data, **how)
    if name.startswith("avif-orientation"):
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        case(f"{name}-applied", extension, data, **{**how, "reference": turned, "auto_orient": True})


def save_crop(name, image):
    """Saves a crop and returns its file name. Equal crops share one file."""
    key = image.tobytes()
    if key not in saved:
        saved[key] = f"{name}.webp"
        image.save(CROPS / saved[key], lossless=True, quality=100, method=6, exact=True)
    return saved[key]


saved = {}


def encode(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def main():
    for folder in (IMAGES, CROPS):
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()

    photo = Image.fromarray(rgb8(400, 300))
    case("rgb", "jpg", encode(photo, "JPEG", quality=60), resize=256, crop=224)
    half = photo.resize((200, 150))
    case("rgb-png-kernels", "png", encode(half, "PNG", optimize=True), kernels=("nearest", "box", "lanczos"))
    case("rgb-progressive", "jpg", encode(half, "JPEG", quality=80, progressive=True))
    case("rgb-png", "png", encode(Image.fromarray(rgb8(96, 131)), "PNG", optimize=True))
    large = Image.fromarray(rgb8(800, 500))
    case("shrunk-8-times", "jpg", encode(large, "JPEG", quality=35))
    case("grey-jpeg", "jpg", encode(half.convert("L"), "JPEG", quality=85))
    case("grey-png", "png", encode(photo.resize((100, 88)).convert("L"), "PNG", optimize=True))
    case("palette", "png", encode(photo.resize((100, 88)).quantize(32), "PNG", optimize=True))

    # Chroma as cameras and encoders store it, at sizes that do not fill whole blocks.
    odd = photo.resize((101, 83))
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        name = f"chroma-{subsampling.replace(':', '')}"
        case(name, "jpg", encode(odd, "JPEG", quality=90, subsampling=subsampling), kernels=("bicubic",))
    case("restarts", "jpg", encode(odd, "JPEG", quality=75, restart_marker_blocks=5), kernels=("bicubic",))

    # Enlarging, odd offsets (halves round to even), padding, and no resize at all.
    small = Image.fromarray(rgb8(45, 37))
    case("enlarged", "png", encode(small, "PNG"), resize=64, crop=56)
    case("enlarged-odd", "png", encode(Image.fromarray(rgb8(31, 50)), "PNG"), resize=65, crop=56)
    case("odd-offsets", "png", encode(Image.fromarray(rgb8(97, 72)), "PNG"), resize=61, crop=56)
    case("padded", "png", encode(small, "PNG"), resize=30, crop=41)
    case("unresized", "png", encode(small, "PNG"), resize=None, crop=32, kernels=("bilinear",))
    case("unresized-padded", "png", encode(small, "PNG"), resize=None, crop=40, kernels=("bilinear",))

    # Alpha is dropped before resizing, so the colours under transparent pixels count.
    rgba = np.dstack([rgb8(100, 88), alpha8(100, 88)])
    case("rgba", "png", encode(Image.fromarray(rgba, "RGBA"), "PNG", optimize=True))
    grey_alpha = np.dstack([np.asarray(photo.resize((100, 88)).convert("L")), alpha8(100, 88)])
    case("grey-alpha", "png", encode(Image.fromarray(grey_alpha, "LA"), "PNG", optimize=True))
    clear = photo.resize((100, 88)).quantize(32)
    case("palette-transparent", "png", encode(clear, "PNG", optimize=True, transparency=bytes(range(0, 256, 4))))
    case("rgba-webp", "webp", encode(Image.fromarray(rgba, "RGBA"), "WEBP", lossless=True, exact=True))

    # 16 bit: the reference is the high byte, because Pillow itself clips I;16 to white.
    deep = (scene(60, 50)[..., 1] * 65535 + 0.5).astype(np.uint16)
    shifted = Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    deep_png = encode(Image.fromarray(deep), "PNG", optimize=True)
    case("grey-16-bit", "png", deep_png, reference=shifted, resize=40, crop=32)

    # EXIF orientations are ignored by default, as in torchvision, and applied if the model's config asks for it.
    base = Image.fromarray(rgb8(72, 52))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encode(base, "JPEG", quality=70, exif=exif)
        name = f"orientation-{orientation}"
        case(name, "jpg", data, kernels=("bicubic",), resize=40, crop=32)
        turned = resize_and_crop(upright(Image.open(io.BytesIO(data)), orientation), 40, 32, "bicubic")
        cases.append(
            {
                "name": f"{name}, applied",
                "image": f"{name}.jpg",
                "expected": save_crop(f"{name}-applied", turned),
                "preprocess": {"resize": 40, "crop": 32, "interpolation": "bicubic", "auto_orient": True},
            }
        )

    exif[0x0112] = 6
    data = encode(base, "JPEG", quality=70, exif=exif)
    turned = upright(Image.open(io.BytesIO(data)), 6)
    case("orientation-6-enlarged", "jpg", data, reference=turned, resize=80, auto_orient=True)

    for file in files(rgb8, alpha8):
        format_case(*file)
    prepared_cases()

    (IMAGES / "cmyk.jpg").write_bytes(encode(photo.resize((100, 88)).convert("CMYK"), "JPEG", quality=85))
    tables = normalised()
    versions = {"pillow": PIL.__version__, "numpy": np.__version__}
    golden = {**versions, "cases": cases, "resampled": resampled(), **tables}
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


def prepared_cases():
    """Squash, letterbox, sizes that are not square, and grey, from images that other cases have written."""
    for kernel in ("bilinear", "bicubic", "nearest"):
        prepared_case("squash", "rgb.jpg", (56, 40), (56, 40), kernel)
    prepared_case("squash-tall", "rgb-png.png", (31, 57), (31, 57), "bilinear")
    prepared_case("squash-enlarged", "enlarged.png", (90, 41), (90, 41), "bicubic")
    prepared_case("squash-cropped", "rgb.jpg", (64, 48), (56, 41), "bilinear")
    prepared_case("letterbox", "rgb.jpg", "letterbox", 52, "bilinear", pad=114)
    prepared_case("letterbox-tall", "rgb-png.png", "letterbox", 51, "bilinear", pad=114)
    prepared_case("letterbox-top-left", "rgb-png.png", "letterbox", 51, "bicubic", pad=114, align="top_left")
    prepared_case("letterbox-oblong", "rgb-png.png", "letterbox", (70, 33), "bilinear", pad=[124, 116, 104])
    prepared_case("letterbox-enlarged", "enlarged.png", "letterbox", (64, 80), "bilinear")
    for kernel in ("bilinear", "bicubic", "lanczos", "nearest"):
        prepared_case("grey", "rgb.jpg", (28, 28), 28, kernel, channels=1)
    for image in ("rgb.jpg", "grey-jpeg.jpg", "palette.png", "rgba.png", "grey-alpha.png", "rgba-webp.webp"):
        name = f"grey-of-{image.replace('.', '-')}"
        prepared_case(name, image, "letterbox", (40, 32), "bilinear", channels=1, pad=7)


def upright(image, orientation):
    """Applies an EXIF orientation. EXIF defines which transform undoes each value."""
    T = Image.Transpose
    undo = {
        2: T.FLIP_LEFT_RIGHT,
        3: T.ROTATE_180,
        4: T.FLIP_TOP_BOTTOM,
        5: T.TRANSPOSE,
        6: T.ROTATE_270,
        7: T.TRANSVERSE,
        8: T.ROTATE_90,
    }
    image = image.convert("RGB")
    return image.transpose(undo[orientation]) if orientation in undo else image


def pattern(width, height):
    """An RGB pattern that contains every value. resampler.test.ts computes the same pattern."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return ((x * 37 + y * 101 + c * 59 + (x * y // 8) * 11 + (x ^ y) * 5) % 256).astype(np.uint8)


def resampled():
    """SHA-256 of the resized pattern, for each kernel and each pair of sizes."""
    sizes = [
        ((97, 61), (53, 31)),
        ((61, 97), (64, 102)),
        ((33, 17), (129, 65)),
        ((255, 129), (7, 5)),
        ((1, 1), (9, 7)),
        ((5, 301), (3, 16)),
        ((64, 48), (64, 31)),
        ((1031, 3), (11, 2)),
        ((300, 200), (299, 201)),
        ((2, 3), (40, 60)),
        ((2500, 40), (1, 1)),
    ]
    hashes = []
    for source, target in sizes:
        image = Image.fromarray(pattern(*source))
        for name, kernel in KERNELS.items():
            digest = hashlib.sha256(image.resize(target, kernel).tobytes()).hexdigest()
            hashes.append({"source": source, "target": target, "interpolation": name, "sha256": digest})
    return hashes


def normalised():
    """SHA-256 of the normalised tensors that NumPy computes from a known crop (value i is i % 256)."""
    crop = (np.arange(16 * 16 * 3) % 256).astype(np.float64).reshape(16, 16, 3)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    value = (crop * (1 / 255) - mean) / std
    planar = np.ascontiguousarray(value.transpose(2, 0, 1))
    bgr = np.ascontiguousarray((crop[..., ::-1] - np.array([103.939, 116.779, 123.68])).transpose(2, 0, 1))
    tensors = {
        "float32-nchw": planar.astype("<f4"),
        "float32-nhwc": value.astype("<f4"),
        "float16-nchw": planar.astype("<f2"),
        "float32-nchw-bgr": bgr.astype("<f4"),
    }
    return {"tensors": {name: hashlib.sha256(t.tobytes()).hexdigest() for name, t in tensors.items()}}


if __name__ == "__main__":
    main()
