"""A small residual network for the digits, and its training: numpy, a minute at most."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

__all__ = ["CONVOLUTIONS", "ResidualNetwork", "train"]

#: Name -> channels in and out, stride; all are 3 x 3 with a border of one pixel.
CONVOLUTIONS = {"stem": (1, 16, 1), "inner1": (16, 16, 1), "inner2": (16, 16, 1),
                "down": (16, 32, 2), "inner3": (32, 32, 1)}  # fmt: skip
#: Fixed, so that every run trains the same network.
EPOCHS, BATCH, RATE, SEED = 30, 48, 4e-3, 0
#: Weights of Adam's averages of gradients and of their squares, and what keeps a root from zero.
_MEAN, _SQUARE, _LEAST = 0.9, 0.99, 1e-8


@dataclass(frozen=True)
class ResidualNetwork:
    """Weights by name: "stem" is (16, 1, 3, 3), "stem bias" (16,) and so on; "classes" is (10, 32).

    ::

        stem - relu -+- inner1 - relu - inner2 - add - relu - down - relu -+- inner3 - add - relu
                     +---------------------------+                         +------------+
        - average of all pixels - classes
    """

    weights: dict

    def logits(self, images):
        """(N, 1, 8, 8) images of float32 -> (N, 10) scores."""
        return _forward(_inner(self.weights), images.transpose(0, 2, 3, 1))[0]


def _inner(weights):
    """Filters as matrices over (line, pixel, channel)."""
    return {name: w.transpose(2, 3, 1, 0).reshape(-1, len(w)) if w.ndim == 4 else w
            for name, w in weights.items()}  # fmt: skip


def _outer(weights):
    return {name: w.reshape(3, 3, -1, w.shape[1]).transpose(3, 2, 0, 1) if name in CONVOLUTIONS
            else w for name, w in weights.items()}  # fmt: skip


def _windows(x, stride):
    """(N, H, W, C) -> (N, H / stride, W / stride, 9 * C)."""
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    found = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))[:, ::stride, ::stride]
    return np.ascontiguousarray(found.transpose(0, 1, 2, 4, 5, 3)).reshape(*found.shape[:3], -1)


def _spread(windows, size, stride):
    """The sum of all windows, each where it was: the reverse of `_windows`."""
    batch, height, width, _ = windows.shape
    windows = windows.reshape(batch, height, width, 3, 3, -1)
    x = np.zeros((batch, size + 2, size + 2, windows.shape[-1]), np.float32)
    for line in range(3):
        for pixel in range(3):
            x[:, line : line + height * stride : stride,
              pixel : pixel + width * stride : stride] += windows[:, :, :, line, pixel]  # fmt: skip
    return x[:, 1:-1, 1:-1]


def _forward(weights, x):
    """Scores, and what the way back needs of each convolution: windows and result."""
    kept = {}

    def convolved(name, x, add=0):
        windows = _windows(x, CONVOLUTIONS[name][2])
        y = np.maximum(windows @ weights[name] + weights[f"{name} bias"] + add, 0)
        kept[name] = windows, y
        return y

    stem = convolved("stem", x)
    first = convolved("inner2", convolved("inner1", stem), add=stem)
    down = convolved("down", first)
    last = convolved("inner3", down, add=down)
    kept["features"] = last.mean(axis=(1, 2))
    return kept["features"] @ weights["classes"].T + weights["classes bias"], kept


def _backward(weights, kept, slope):
    """Gradients of all weights, from that of the scores."""
    found = {"classes": slope.T @ kept["features"], "classes bias": slope.sum(axis=0)}

    def through(name, slope):
        """Back through relu and sum; returns the slope of the sum, and that of what is before."""
        windows, y = kept[name]
        slope = np.where(y > 0, slope, 0)
        flat = slope.reshape(-1, slope.shape[-1])
        found[name] = windows.reshape(-1, windows.shape[-1]).T @ flat
        found[f"{name} bias"] = flat.sum(axis=0)
        stride = CONVOLUTIONS[name][2]
        return slope, _spread(slope @ weights[name].T, slope.shape[1] * stride, stride)

    pixels = kept["inner3"][1].shape[1] ** 2
    slope = np.broadcast_to((slope @ weights["classes"] / pixels)[:, None, None],
                            kept["inner3"][1].shape)  # fmt: skip
    around, through_inner = through("inner3", slope)
    _, slope = through("down", around + through_inner)
    around, through_inner = through("inner2", slope)
    through("stem", around + through("inner1", through_inner)[1])
    return found


def _start(rng):
    weights = {}
    for name, (channels, filters, _) in CONVOLUTIONS.items():
        spread = np.sqrt(2 / (9 * channels))
        weights[name] = rng.normal(0, spread, (9 * channels, filters)).astype(np.float32)
        weights[f"{name} bias"] = np.zeros(filters, np.float32)
    weights["classes"] = rng.normal(0, 0.1, (10, 32)).astype(np.float32)
    weights["classes bias"] = np.zeros(10, np.float32)
    return weights


def train(digits):
    """A residual network, trained on the training images only, each moved by up to a pixel."""
    rng = np.random.default_rng(SEED)
    weights = _start(rng)
    means, squares = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))
    x = digits.images[digits.train].reshape(-1, 8, 8, 1)
    labels = np.eye(10, dtype=np.float32)[digits.labels[digits.train]]
    steps = EPOCHS * -(-len(x) // BATCH)
    step = 0
    with threadpool_limits(2):
        for _ in range(EPOCHS):
            order = rng.permutation(len(x))
            for first, last in pairwise([*range(0, len(x), BATCH), len(x)]):
                step += 1
                chosen = order[first:last]
                moved = np.roll(x[chosen], rng.integers(-1, 2), axis=1 + rng.integers(2))
                scores, kept = _forward(weights, moved)
                odds = np.exp(scores - scores.max(axis=1, keepdims=True))
                odds /= odds.sum(axis=1, keepdims=True)
                rate = RATE * np.cos(np.pi / 2 * step / steps)
                slopes = _backward(weights, kept, (odds - labels[chosen]) / len(chosen))
                for name, slope in slopes.items():
                    means[name] += (1 - _MEAN) * (slope - means[name])
                    squares[name] += (1 - _SQUARE) * (slope**2 - squares[name])
                    fair = means[name] / (1 - _MEAN**step)
                    root = np.sqrt(squares[name] / (1 - _SQUARE**step))
                    weights[name] -= np.float32(rate) * (fair / (root + _LEAST))
    return ResidualNetwork(_outer(weights))
