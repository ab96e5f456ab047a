"""Make digits.npz from the copy of the digits that scikit-learn ships: python make_digits.py

The file holds what a byte a pixel needs and nothing else; the same copy gives the same bytes again,
whatever the day.
"""

from pathlib import Path

import numpy as np


def main() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = digits.data.astype(np.uint8)
    if not np.array_equal(pixels, digits.data) or pixels.shape != (1797, 64):
        raise SystemExit("make_digits: not the 1,797 images of 64 whole numbers that were expected")
    target = Path(__file__).with_name("digits.npz")
    np.savez_compressed(target, pixels=pixels, labels=digits.target.astype(np.uint8))
    print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
