"""From layers to the program of the core."""

from typing import NamedTuple

from ..cycles import MemoryTiming
from ..program import Placement
from .border import fill
from .convolution import ConvolutionProgram
from .elementwise import ElementwiseProgram
from .gemm import GemmProgram
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
        self._programs = [_PROGRAMS[type(layer)](config, plan, layer) for layer in layers]
        self._offsets = [
            {name: plan.add(array) for name, array in program.constants.items()
             if array is not None} for program in self._programs]  # fmt: skip

    def sections(self, base=0, memory=None):
        """Pairs of a layer and its commands, without END.

        Parameters
        ----------
        base : int
            Address of the plan's first byte.
        memory : MemoryTiming, optional
            The memory for which products are cut.
        """
        context, filled = Context(self.plan, base, memory, Placement(self.config)), {}
        for program, offsets in zip(self._programs, self._offsets, strict=True):
            places = {name: base + offset for name, offset in offsets.items()}
            yield program.layer, [*self._border(program.layer, context, filled),
                                  *program.commands(context, places)]  # fmt: skip

    def _border(self, layer, context, filled):
        """Fills the border of a layer's operand, if it has not been yet."""
        if not isinstance(layer, ImageLayer) or not any(layer.border):
            return
        address, layout = context.image(layer.a)
        root = self.plan.tensors[layer.a.name]
        if filled.get(root) != (layer.a.name, layer.fill):
            filled[root] = layer.a.name, layer.fill
            yield from fill(self.config, layer.a.dtype, layout, address, layer.fill)
