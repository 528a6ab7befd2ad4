"""Writes photos as a folder of Parquet files, as Hugging Face stores images: a struct of bytes and path.

Usage: photo_table.py FOLDER, with the paths of the photos on standard input, one per line. The rows have the paths as ids.
Several files, because Ray Data and Daft read one file in one task.
"""

import os
import sys

import pyarrow
import pyarrow.parquet

# Hugging Face also writes row groups of 100 images.
ROWS = 100
IMAGE = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])

paths = sys.stdin.read().split("\n")
folder = sys.argv[1]
for first in range(0, len(paths), ROWS):
    images, ids = [], paths[first : first + ROWS]
    for path in ids:
        with open(path, "rb") as file:
            images.append({"bytes": file.read(), "path": os.path.basename(path)})
    table = pyarrow.table({"id": ids, "image": pyarrow.array(images, IMAGE)})
    pyarrow.parquet.write_table(table, os.path.join(folder, f"{first // ROWS:05}.parquet"), row_group_size=ROWS)
