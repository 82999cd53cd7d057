"""Layers that follow each other on the core."""

from dataclasses import dataclass, field

import numpy as np

from ..cycles import MemoryTiming
from ..program import Program, end
from .emission import Emission
from .image_layers import ImageLayer, MaxPool
from .layout import NO_BORDER, Layout
from .max_pool import workspace
from .memory import planned

__all__ = ["CoreStage"]


@dataclass
class CoreStage:
    """Layers that follow each other on the core, in one program.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    layers : list
        In their order.
    inputs, outputs : tuple of Tensor
        What comes from outside, and what is wanted there.
    names : dict
        Name of a tensor -> name of the one whose bytes it has, if it is another.
    images : dict
        Name of a tensor that is an image -> its :class:`Layout` without a border.
    fixed : dict
        Name -> array from outside that it has been planned for.
    """

    config: object
    layers: list
    inputs: tuple
    outputs: tuple
    names: dict = field(repr=False)
    images: dict = field(repr=False)
    fixed: dict = field(default_factory=dict, repr=False)

    def __post_init__(self):
        self.plan = self._plan()
        self._emission = Emission(self.config, self.plan, self.layers)

    def _root(self, tensor):
        return self.names.get(tensor.name, tensor.name)

    def _layouts(self):
        """Layouts with the borders that layers need."""
        borders = {}
        for layer in self.layers:
            if isinstance(layer, ImageLayer):
                root = self._root(layer.a)
                borders[root] = borders.get(root, NO_BORDER) | layer.border
        return {name: Layout(layout.shape, borders.get(name, NO_BORDER))
                for name, layout in self.images.items()}  # fmt: skip

    def _plan(self):
        layouts, lives, aliases = self._layouts(), {}, {}

        def wanted(tensor, step):
            root = self._root(tensor)
            aliases[tensor.name] = root
            size = tensor.bytes
            if root in layouts:     # outputs side by side may reach over the last line
                size = layouts[root].bytes + 3 * layouts[root].line
            most, first, last = lives.get(root, (0, step, step))
            lives[root] = max(size, most), min(first, step), max(last, step)

        for tensor in self.inputs:
            wanted(tensor, 0)
        for step, layer in enumerate(self.layers):
            for tensor in (*layer.operands, layer.y):
                wanted(tensor, step)
            if isinstance(layer, MaxPool):
                lives["work of", layer.y.name] = workspace(layer), step, step
        for tensor in self.outputs:
            wanted(tensor, len(self.layers))
        plan = planned(lives)
        plan.workspaces = {name[1]: plan.tensors.pop(name) for name in lives
                           if isinstance(name, tuple)}  # fmt: skip
        for name, root in aliases.items():
            plan.tensors[name] = plan.tensors[root]
            if root in layouts:
                plan.layouts[name] = layouts[root]
        return plan

    def sections(self, base=0, memory=None):
        """Pairs of a layer and its commands, without END, for memory from `base` on."""
        return self._emission.sections(base, memory)

    def run(self, device, values, *, layer_by_layer=False):
        """Runs it: adds its outputs to `values`, arrays by name.

        Returns
        -------
        list of (layer or None, Run)
            What it took: one for all layers, or one for each if they shall run one by one.

        Raises
        ------
        ValueError
            If the device has another core, or a value is not as planned.
        """
        if device.config != self.config:
            raise ValueError("the model was compiled for another core than that of the device")
        self._check(values)
        with device.allocator.scope() as room:
            base = room.allocate(max(1, self.plan.bytes))
            for offset, array in self.plan.constants:
                device.write(base + offset, array)
            for tensor in self.inputs:
                layout = self.plan.layouts.get(tensor.name)
                array = values[tensor.name]
                device.write(base + self.plan.tensors[tensor.name],
                             array if layout is None else layout.arranged(array))  # fmt: skip
            took = []
            for layer, commands, macs in self._programs(device, base, layer_by_layer):
                took.append((layer, device.run(Program([*commands, end(1)]), macs=macs)))
            for tensor in self.outputs:
                values[tensor.name] = self._read(device, base, tensor)
        return took

    def _check(self, values):
        """What comes from the host may depend on data, but memory has been planned."""
        for tensor in self.inputs:
            array = values[tensor.name]
            if (array.dtype, array.shape) != (tensor.dtype, tensor.shape):
                raise ValueError(
                    f"{tensor.name} is planned as {tensor.dtype} {tensor.shape}, not {array.dtype} "
                    f"{array.shape}: its shape depends on data")
        for name, wanted in self.fixed.items():
            if not np.array_equal(values[name], wanted):
                raise ValueError(f"{name} is planned as {wanted.tolist()}, not "
                                 f"{values[name].tolist()}: it depends on data")  # fmt: skip

    def _programs(self, device, base, layer_by_layer):
        memory = MemoryTiming(device.settings.latency)
        sections = [(layer, part, layer.macs) for layer, part in self.sections(base, memory)]
        if layer_by_layer:
            return sections
        return [(None, [command for _, part, _ in sections for command in part],
                 sum(macs for _, _, macs in sections))]  # fmt: skip

    def _read(self, device, base, tensor):
        place, layout = base + self.plan.tensors[tensor.name], self.plan.layouts.get(tensor.name)
        if layout is None:
            return device.read(place, tensor.shape, tensor.dtype)
        data = device.read(place, (layout.bytes,), tensor.dtype)
        return np.ascontiguousarray(layout.restored(data)).reshape(tensor.shape)
