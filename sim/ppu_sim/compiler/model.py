"""A compiled model: what runs on the core, what runs on the host, and how."""

from dataclasses import dataclass, field

import numpy as np

from ppu.config import Signs

from .convolution import check_fits
from .core_stage import CoreStage
from .elementwise import check_room
from .graph import Graph, ModelError
from .host import HostStage
from .image_layers import Convolution
from .images import Images
from .layers import Gemm, Unplaced
from .placing import is_alias, lowered
from .reader import read
from .shapes import all_tensors
from .tables import grouped, table_layer

__all__ = ["CompiledModel", "compile_model"]


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
            If an input is missing, or has another type or shape; if a tensor on the core has
            another shape than the compiler saw, as it depends on data; if ONNX Runtime fails; or
            the device has another core.
        """
        return self._run(device, inputs, layer_by_layer=False)[0]

    def run_layers(self, device, inputs):
        """As :meth:`run`, but each layer is a program of its own, and waits for the one before.

        Returns
        -------
        dict, list of (layer, Run)
            Outputs by name, and what each layer took.
        """
        return self._run(device, inputs, layer_by_layer=True)

    def _run(self, device, inputs, *, layer_by_layer):
        constants, took = self.graph.constants, []
        values = {value.name: constants[value.name].copy() for value in self.graph.outputs
                  if value.name in constants}  # fmt: skip
        for value in self.graph.inputs:
            array = np.asarray(inputs.get(value.name))
            if value.name not in inputs or array.dtype != value.dtype or (
                    array.shape != value.shape):
                got = f"{array.dtype} {array.shape}" if value.name in inputs else "nothing"
                raise ValueError(
                    f"input {value.name!r} must be {value.dtype} {value.shape}, not {got}")
            values[value.name] = array
        for stage in self.stages:
            took += stage.run(device, values, layer_by_layer=layer_by_layer)
        return {value.name: values[value.name] for value in self.graph.outputs}, took


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
    graph, tensors, fixed = all_tensors(graph, shapes or {})
    groups = grouped(graph, tensors)
    placing = _Placing(config, graph, tensors, fixed, Images(graph, groups, tensors, fixed))
    stages, reasons = [], {}
    for group in groups:
        layer, aliased = None, is_alias(group[0])
        on_core = bool(stages and stages[-1][0])    # what moves nothing stays there
        try:
            if aliased:
                placing.images.check_alias(group[0])
            else:
                layer = placing.layer(group)
                on_core = True
        except Unplaced as reason:
            reasons |= {node.name: f"{node.op}: {reason}" for node in group}
            on_core = False
        if not stages or stages[-1][0] is not on_core:
            stages.append((on_core, []))
        stages[-1][1].append((group, layer))
    return CompiledModel(graph, [
        placing.stage(part, stages[index + 1:]) if on_core else
        HostStage(graph, [node for group, _ in part for node in group])
        for index, (on_core, part) in enumerate(stages)], reasons)


class _Placing:
    """Places the nodes of a model on a core."""

    def __init__(self, config, graph, tensors, fixed, images):
        self.config, self.graph, self.images = config, graph, images
        self.tensors, self.fixed = tensors, fixed

    def layer(self, group):
        """The layer for some nodes. Raises Unplaced if the core cannot do them."""
        # Scales become infinite where those of ONNX Runtime do.
        with np.errstate(over="ignore", invalid="ignore"):
            layer = table_layer(group, self.graph, self.tensors) or lowered(
                group[0], self.graph, self.tensors)
        if self.config.signs is Signs.SIGNED:
            _check_signs(layer)
        names = {tensor.name for tensor in (*layer.operands, layer.y)}
        if isinstance(layer, Gemm):
            if layer.a.name in self.images:
                raise Unplaced("its operand A is an image")
        elif names & self.images.flattened:
            raise Unplaced("it takes elements of a flattened image")
        if isinstance(layer, Convolution):
            check_fits(self.config, layer)
        elif not isinstance(layer, Gemm):
            check_room(self.config)
        return layer

    def stage(self, part, later):
        """The stage of some nodes that follow each other: what is made and wanted where."""
        made, inputs, fixed, names = set(), {}, {}, {}
        for group, layer in part:
            for node in group:
                operands = node.inputs if layer is not None else node.inputs[:1]
                inputs |= {name: self.tensors[name] for name in operands
                           if name in self.tensors and name not in made}
                made.update(node.outputs)
            if layer is None:
                source, *shape = group[0].inputs
                names[group[0].outputs[0]] = names.get(source, source)
                fixed |= {name: self.fixed[name] for name in shape if name in self.fixed}
        wanted = {value.name for value in self.graph.outputs} | {
            name for _, groups in later for group, _ in groups for node in group
            for name in node.needs}  # fmt: skip
        here = made | set(inputs)
        return CoreStage(
            self.config, [layer for _, layer in part if layer is not None], tuple(inputs.values()),
            tuple(self.tensors[name] for name in sorted(made & wanted)), names,
            {name: self.images.layout(name) for name in here if name in self.images}, fixed)


def _check_signs(layer):
    """Raises Unplaced if an operand of the array is unsigned."""
    operands = [(layer.a.name, layer.a.dtype)]
    if isinstance(layer, Gemm | Convolution):
        operands.append(("its weight", layer.weight.dtype))
    for name, dtype in operands:
        if dtype == np.uint8:
            raise Unplaced(f"the core takes signed operands only, and {name} is UINT8")
