"""How a convolution becomes K steps, and these few commands."""

from dataclasses import replace

import numpy as np
import pytest

from ppu.config import MEDIUM, TINY
from ppu_sim.convolution.plan import best_plan
from ppu_sim.convolution.sequences import progressions, runs, starts
from ppu_sim.convolution.shape import Axis, ConvolutionShape, Taps


def shape(channels, filters, vertical, horizontal):
    return ConvolutionShape(1, channels, filters, vertical, horizontal, lines=vertical.extent,
                            reach=horizontal.extent, pitch=horizontal.extent)  # fmt: skip


def test_starts():
    assert starts((3, 1, 2)) == [(0, 3), (3, 1), (4, 2)]


def test_runs_join_neighbours_and_open_sums():
    used = np.array([[1, 1, 0, 0], [1, 1, 0, 1]], bool)
    assert runs(used, opens=False) == [[0, 2, [0, 1]], [3, 1, [1]]]
    assert runs(used, opens=True) == [[0, 2, [0, 1]], [2, 1, [0]], [3, 1, [1]]]


def test_progressions_never_go_back():
    offsets = [(0, 0), (2, 4), (4, 8), (3, 12), (9, 16), (9, 20)]
    assert list(progressions(offsets)) == [
        ((0, 0), 3, 2, 4), ((3, 12), 2, 6, 4), ((9, 20), 1, 0, 0)]


@pytest.mark.parametrize("fold", [1, 2, 3])
@pytest.mark.parametrize("horizontal", [Axis(7, 3), Axis(5, 4, 2), Axis(4, 2, 3, 2), Axis(6, 1, 2)])
def test_rows_times_weights_are_the_convolution(horizontal, fold):
    """Over one line: rows of pixels, each times the weights of all positions."""
    rng = np.random.default_rng(0)
    line = shape(3, 5, Axis(1, 1), horizontal)
    taps = Taps(TINY, line, fold)
    weight = rng.integers(-9, 9, (5, 1, horizontal.kernel, 3))
    rows = taps.weights(weight)
    size = (taps.rows(horizontal.outputs) + taps.reach[1]) * taps.bytes
    pixels = np.zeros(size, int)
    inside = horizontal.extent * 3
    pixels[:inside] = rng.integers(-9, 9, inside)
    for output in range(horizontal.outputs):
        row, place = divmod(output, fold)
        total = 0
        for (_, _, reach), panels in zip(taps.places, rows, strict=True):
            first = (row + reach) * taps.bytes
            operand = np.resize(0, taps.panels * TINY.row_bytes)
            operand[: taps.bytes] = pixels[first : first + taps.bytes]
            total += panels.transpose(1, 0, 2).reshape(taps.filters, -1) @ operand
        want = [np.sum(pixels[(output * horizontal.stride + k * horizontal.dilation) * 3 :][:3]
                       * weight[:, 0, k], axis=1) for k in range(horizontal.kernel)]  # fmt: skip
        assert np.array_equal(total[place * 5 : place * 5 + 5], sum(want))


def test_weights_of_nine_bits_are_sums_of_two():
    taps = Taps(TINY, shape(4, 4, Axis(1, 1), Axis(9, 1)), 1, copies=2)
    weight = np.array([-255, -129, -128, 0, 127, 128, 200, 254] * 2, np.int16).reshape(4, 1, 1, 4)
    both = taps.weights(weight)
    assert both.dtype == np.int8 and len(both) == len(taps.places) == 2
    assert np.array_equal(both.astype(int).sum(axis=0)[0], weight[:, 0, 0])


def test_few_filters_are_computed_side_by_side():
    taps, plan = best_plan(MEDIUM, shape(4, 4, Axis(8, 3), Axis(32, 3)), np.ones((4, 3, 3, 4)))
    assert plan.fold == taps.fold > 1
    taps, plan = best_plan(MEDIUM, shape(64, 64, Axis(8, 3), Axis(32, 3)), np.ones((64, 3, 3, 64)))
    assert plan.fold == 1


def test_what_fits_no_memory_is_refused():
    small = replace(TINY, scratchpad_rows=32, scratchpad_banks=2, accumulator_rows=16)
    with pytest.raises(ValueError, match=r"^no piece of ConvolutionShape.* fits the core's mem"):
        best_plan(small, shape(4, 4, Axis(1, 30), Axis(1, 30)), np.ones((4, 30, 30, 4)))
    with pytest.raises(ValueError, match=r"^the horizontal kernel must stay in 8 pixels, not 9$"):
        ConvolutionShape(1, 1, 1, Axis(1, 1), Axis(7, 3), lines=1, reach=8, pitch=8)
