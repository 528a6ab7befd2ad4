"""Writes the FLAC files of flac.test.ts with libsndfile's encoder (pip install numpy soundfile).

The test computes the same samples by the same formula.
"""
import numpy as np
import soundfile

LENGTH = 10_000


def sample(i, channel, full):
    """A tone with a little noise, as an integer below `full`."""
    noise = ((i * 1_103_515_245 + channel * 12_345) % 65_536) / 65_536 - 0.5
    return np.rint((0.4 * np.sin(2 * np.pi * (220 + 20 * channel) * i / 16_000) + 0.01 * noise) * full)


def write(name, rate, channels, bits, make=sample):
    i = np.arange(LENGTH, dtype=np.int64)
    data = np.stack([make(i, channel, 2 ** (bits - 1)) for channel in range(channels)], axis=1)
    kind = {8: "PCM_S8", 16: "PCM_16", 24: "PCM_24"}[bits]
    # libsndfile expects each sample in the highest bits of a 32-bit integer.
    shifted = (data * 2 ** (32 - bits)).astype(np.int64).astype(np.int32)
    soundfile.write(name, shifted, rate, subtype=kind, format="FLAC")


write("mono-16.flac", 16_000, 1, 16)
write("stereo-16.flac", 44_100, 2, 16)
write("stereo-24.flac", 48_000, 2, 24)
write("mono-8.flac", 8_000, 1, 8)
write("six-16.flac", 16_000, 6, 16)
write("silence-16.flac", 16_000, 2, 16, lambda i, channel, full: 0 * i)
# Both channels are equal, so the encoder stores one as a difference of 0. The lowest 4 bits of all samples are unused.
write("same-16.flac", 16_000, 2, 16, lambda i, channel, full: 16 * sample(i, 0, full // 16))
write("noise-16.flac", 16_000, 1, 16, lambda i, channel, full: (i * 1_103_515_245 + 12_345) % 65_536 - 32_768)
