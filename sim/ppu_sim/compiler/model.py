"""A compiled model: what runs on the core, what runs on the host, and how."""

from dataclasses import dataclass, field

import numpy as np

from ppu.config import Signs

from ..program import Program, end
from .emission import add_constants, sections
from .host import HostStage, all_tensors
from .layers import Unplaced
from .memory import planned
from .placing import is_alias, lowered
from .reader import Graph, ModelError, read
from .tables import grouped, table_layer

__all__ = ["CompiledModel", "CoreStage", "compile_model"]


@dataclass
class CoreStage:
    """Layers that follow each other on the core, in one program.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    layers : list of Gemm and Elementwise
        In their order.
    inputs, outputs : tuple of Tensor
        What comes from outside, and what is wanted there.
    names : dict
        Name of a tensor -> name of the one whose bytes it has.
    """

    config: object
    layers: list
    inputs: tuple
    outputs: tuple
    names: dict = field(repr=False)

    def __post_init__(self):
        self.plan = self._plan()
        self._offsets = [add_constants(self.config, self.plan, layer) for layer in self.layers]

    def _plan(self):
        lives = {}

        def wanted(tensor, step):
            name = self.names[tensor.name]
            size, first, last = lives.get(name, (0, step, step))
            lives[name] = max(size, tensor.bytes), min(first, step), max(last, step)

        for tensor in self.inputs:
            wanted(tensor, 0)
        for step, layer in enumerate(self.layers):
            for tensor in (*layer.operands, layer.y):
                wanted(tensor, step)
        for tensor in self.outputs:
            wanted(tensor, len(self.layers))
        plan = planned(lives)
        for name, root in self.names.items():
            if root in plan.tensors:
                plan.tensors[name] = plan.tensors[root]
        return plan

    def sections(self, base=0, memory=None):
        """Pairs of a layer and its commands, without END, for memory from `base` on."""
        return sections(self.config, self.plan, self.layers, self._offsets, base, memory)

    def run(self, device, values):
        """Runs it: adds its outputs to `values`, arrays by name. Returns the device's `Run`."""
        if device.config != self.config:
            raise ValueError("the model was compiled for another core than that of the device")
        with device.allocator.scope() as room:
            base = room.allocate(max(1, self.plan.bytes))
            for offset, array in self.plan.constants:
                device.write(base + offset, array)
            for tensor in self.inputs:
                device.write(base + self.plan.tensors[tensor.name], values[tensor.name])
            commands = [command for _, part in self.sections(base) for command in part]
            macs = sum(layer.macs for layer in self.layers)
            took = device.run(Program([*commands, end(1)]), macs=macs)
            for tensor in self.outputs:
                values[tensor.name] = device.read(
                    base + self.plan.tensors[tensor.name], tensor.shape, tensor.dtype)
        return took


@dataclass(frozen=True)
class CompiledModel:
    """A model for one core and one shape of each input.

    Parameters
    ----------
    graph : Graph
        The model.
    stages : list of CoreStage or HostStage
        What runs one after the other.
    reasons : dict
        Name of each operator on the host -> why.
    """

    graph: object = field(repr=False)
    stages: list
    reasons: dict

    def run(self, device, inputs):
        """Runs the model on a device.

        Parameters
        ----------
        device : Device
            A core of the configuration that it was compiled for.
        inputs : dict
            Name of each input -> array.

        Returns
        -------
        dict
            Name of each output -> array.

        Raises
        ------
        ValueError
            If an input is missing, or has another type or shape; or the device has another core.
        """
        values = {}
        for value in self.graph.inputs:
            array = np.asarray(inputs.get(value.name))
            if value.name not in inputs or array.dtype != value.dtype or (
                    array.shape != value.shape):
                got = f"{array.dtype} {array.shape}" if value.name in inputs else "nothing"
                raise ValueError(
                    f"input {value.name!r} must be {value.dtype} {value.shape}, not {got}")
            values[value.name] = array
        for stage in self.stages:
            stage.run(device, values)
        return {value.name: values[value.name] for value in self.graph.outputs}


def compile_model(source, config, *, shapes=None):
    """Compiles a quantised ONNX model.

    Parameters
    ----------
    source : Graph, path, bytes or onnx.ModelProto
        The model, see :func:`~.reader.read`.
    config : Config
        The configuration of the core, with an epilogue.
    shapes : dict, optional
        Shape of each input by name; 1 for what the model leaves open, if not given.

    Raises
    ------
    ModelError
        If it cannot be compiled: the message says why.
    """
    if not config.epilogue_lanes:
        raise ModelError("the core has no epilogue: epilogue_lanes is 0")
    graph = source if isinstance(source, Graph) else read(source)
    graph, tensors = all_tensors(graph, shapes or {})
    names, stages, reasons = {name: name for name in tensors}, [], {}
    for group in grouped(graph, tensors):
        layer, aliased = None, is_alias(group[0])
        try:
            layer = None if aliased else _lowered(config, group, graph, tensors)
        except Unplaced as reason:
            reasons |= {node.name: f"{node.op}: {reason}" for node in group}
        # What moves nothing stays with what is before it.
        on_core = bool(stages and stages[-1][0]) if aliased else layer is not None
        if not stages or stages[-1][0] is not on_core:
            stages.append((on_core, []))
        stages[-1][1].append((group, layer))
    return CompiledModel(graph, [
        _core_stage(config, graph, tensors, names, part, stages[index + 1:]) if on_core else
        HostStage(graph, [node for group, _ in part for node in group])
        for index, (on_core, part) in enumerate(stages)], reasons)


def _lowered(config, group, graph, tensors):
    """The layer for some nodes. Raises Unplaced if the core cannot do them."""
    layer = table_layer(group, graph, tensors) or lowered(group[0], graph, tensors)
    unsigned = [t.name for t in layer.operands[:1] if t.dtype == np.uint8]
    if config.signs is Signs.SIGNED and unsigned:
        raise Unplaced(f"the core takes signed operands only, and {unsigned[0]} is UINT8")
    return layer


def _core_stage(config, graph, tensors, names, part, later):
    """The stage of some nodes that follow each other: what is made and wanted where."""
    made, inputs = set(), {}
    for group, layer in part:
        for node in group:
            inputs |= {name: tensors[name] for name in node.inputs
                       if name in tensors and name not in made}
            made.update(node.outputs)
        if layer is None:
            names[group[0].outputs[0]] = names[group[0].input(0)]
    wanted = {value.name for value in graph.outputs} | {
        name for _, groups in later for group, _ in groups for node in group
        for name in node.inputs}  # fmt: skip
    return CoreStage(
        config, [layer for _, layer in part if layer is not None], tuple(inputs.values()),
        tuple(tensors[name] for name in sorted(made & wanted)), dict(names))
