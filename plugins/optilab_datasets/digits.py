"""The MNIST digits, from the original files."""

import gzip
import hashlib
import zlib
from importlib.resources import files

import numpy as np

from optilab import Examples, InputError, dataset, hookimpl

# SHA-256 of the uncompressed files.
FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataset(digest=hashlib.sha256("".join(FILES.values()).encode()).hexdigest())
def mnist():
    """MNIST: handwritten digits, 60,000 for training and 10,000 for testing, 28 by 28 pixels, 10 classes.

    Pixels from 0 to 255 are scaled to 0 to 1.

    LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998. Licence: CC BY-SA 3.0.

    InputError if a file of the package can't be read, or isn't the original one.
    """
    content = {name: unpack(name) for name in FILES}
    return Examples(
        x_train=idx(content["train-images-idx3-ubyte"]),
        y_train=idx(content["train-labels-idx1-ubyte"]).astype(np.int64),
        x_test=idx(content["t10k-images-idx3-ubyte"]),
        y_test=idx(content["t10k-labels-idx1-ubyte"]).astype(np.int64),
        classes=tuple("0123456789"),
        image=(28, 28),
    )


def unpack(name):
    """Content of one of the four files, checked against its checksum; InputError if it can't be read or is another."""
    packed = files("optilab_datasets") / "mnist" / f"{name}.gz"
    try:
        content = gzip.decompress(packed.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"dataset 'mnist': {packed} can't be read ({error}); install optilab again") from error
    if hashlib.sha256(content).hexdigest() != FILES[name]:
        raise InputError(f"dataset 'mnist': {packed} is not the original file; install optilab again")
    return content


def idx(content):
    """The array, uint8, in an IDX file of unsigned bytes: a magic number, one big-endian length a dimension, the bytes."""
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


@hookimpl
def optilab_datasets():
    return [mnist]
