"""From layers to the program of the core."""

from typing import NamedTuple

import numpy as np

from ..cycles import MemoryTiming
from ..program import Placement
from .border import Fill
from .convolution import ConvolutionProgram
from .elementwise import ElementwiseProgram
from .gemm import GemmProgram, WideGemmProgram
from .image_layers import Convolution, ImageLayer, MaxPool
from .layers import Elementwise, Gemm
from .max_pool import MaxPoolProgram
from .memory import MemoryPlan

__all__ = ["Context", "Emission"]

_PROGRAMS = {Convolution: ConvolutionProgram, Elementwise: ElementwiseProgram, Gemm: GemmProgram,
             MaxPool: MaxPoolProgram}  # fmt: skip


class Context(NamedTuple):
    """What the program of a layer depends on, besides the layer.

    Parameters
    ----------
    plan : MemoryPlan
        Where everything lies.
    base : int
        Address of the plan's first byte.
    memory : MemoryTiming or None
        The memory for which products are cut.
    placement : Placement
        What is in the core's memories.
    """

    plan: MemoryPlan
    base: int
    memory: MemoryTiming | None
    placement: Placement

    def place(self, tensor):
        """Address of a tensor."""
        return self.base + self.plan.tensors[tensor.name]

    def image(self, tensor):
        """Address and layout of an image."""
        return self.place(tensor), self.plan.layouts[tensor.name]


class Emission:
    """The program of some layers.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    plan : MemoryPlan
        Where tensors lie; constants of the layers are added to it.
    layers : list
        In their order.
    """

    def __init__(self, config, plan, layers):
        self.config, self.plan = config, plan
        self._programs = [_program(config, plan, layer) for layer in layers]
        self._fills = list(self._borders())
        self._offsets = [
            {name: plan.add(array) for name, array in
             (program.constants | (fill.constants if fill else {})).items()}
            for program, fill in zip(self._programs, self._fills, strict=True)]  # fmt: skip

    def _borders(self):
        """For each layer, what fills the border of its operand, if it has not been filled yet."""
        filled = {}
        for layer in (program.layer for program in self._programs):
            fill = None
            if isinstance(layer, ImageLayer) and any(layer.border):
                place = self.plan.tensors[layer.a.name]
                if filled.get(place) != (layer.a.name, layer.fill):
                    fill = Fill(self.config, layer.a.dtype, self.plan.layouts[layer.a.name],
                                layer.fill)  # fmt: skip
                    filled[place] = layer.a.name, layer.fill
            yield fill

    def sections(self, base=0, memory=None):
        """Pairs of a layer and its commands, without END.

        Parameters
        ----------
        base : int
            Address of the plan's first byte.
        memory : MemoryTiming, optional
            The memory for which products are cut.
        """
        context = Context(self.plan, base, memory, Placement(self.config))
        for program, fill, offsets in zip(self._programs, self._fills, self._offsets, strict=True):
            places, commands = {name: base + offset for name, offset in offsets.items()}, []
            if fill:
                commands += fill.commands(context.place(program.layer.a), places)
            yield program.layer, [*commands, *program.commands(context, places)]


def _program(config, plan, layer):
    kind = _PROGRAMS[type(layer)]
    if kind is GemmProgram and layer.weight.dtype == np.int16:
        kind = WideGemmProgram
    return kind(config, plan, layer)
