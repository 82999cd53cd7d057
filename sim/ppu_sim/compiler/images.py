"""Which tensors of a model are images, and what that means for its operators."""

from .layers import BYTES, FORMATS, Unplaced
from .layout import Layout
from .operands import check_elements
from .placing import is_alias

__all__ = ["Images"]

#: Operators with a window.
_WINDOWED = {"QLinearConv", "MaxPool", "QLinearAveragePool", "QLinearGlobalAveragePool"}
#: Operators whose tensors lie alike.
_ALIKE = {"QLinearAdd", "Identity"}


class Images:
    """The images among the tensors of a model: what operators with a window take and give, and what
    single elements of these are made of. They lie as NHWC, all others as ONNX has them.

    Parameters
    ----------
    graph : Graph
        The model.
    groups : list of tuple of Node
        Its nodes as they are placed together.
    tensors : dict
        All tensors, by name.
    fixed : dict
        Arrays that follow from shapes alone, by name.

    Attributes
    ----------
    flattened : set of str
        Matrices whose rows are images: they lie as these do.
    """

    def __init__(self, graph, groups, tensors, fixed):
        self._tensors, self._steady = tensors, graph.constants.keys() | fixed.keys()
        alike, self._names = [], set()
        for group in groups:
            ends = group[0], group[-1]
            names = {name for node in ends for name in (*node.inputs, *node.outputs)
                     if self._may_be(name)}  # fmt: skip
            if group[0].op in _WINDOWED:
                self._names |= names
            elif len(group) > 1 or group[0].op in _ALIKE or group[0].op.startswith("QLinear"):
                taken = {group[0].input(0), *group[0].inputs[3:4], *group[-1].outputs}
                alike.append(names & taken)
        changed = True
        while changed:
            changed = False
            for names in alike:
                if names & self._names and not names <= self._names:
                    self._names |= names
                    changed = True

        self.flattened = {node.outputs[0] for node in graph.nodes if is_alias(node)
                          and node.input(0) in self and node.outputs[0] not in self}  # fmt: skip

    def _may_be(self, name):
        tensor = self._tensors.get(name)
        return tensor is not None and len(tensor.shape) in (3, 4) and tensor.dtype in BYTES

    def __contains__(self, name):
        return name in self._names

    def layout(self, name):
        """The layout of an image without a border."""
        return Layout(self._tensors[name].shape)

    def check_alias(self, node):
        """Raises Unplaced if an operator that changes a shape moves elements of an image, or is
        none for the core at all.
        """
        source, result = node.input(0), node.outputs[0]
        if source not in self._tensors:
            raise Unplaced(f"its operand {source} is constant, or no tensor")
        if self._tensors[source].dtype not in FORMATS:
            raise Unplaced(f"the core has no tensors of {self._tensors[source].dtype}")
        check_elements((self._tensors[source], self._tensors[result]))
        for name in node.inputs[1:]:
            if name and name not in self._steady:
                raise Unplaced(f"its operand {name} depends on data")
        if source in self.flattened:
            raise Unplaced("it changes the shape of a flattened image, which lies as NHWC")
        shape, other = self._tensors[source].shape, self._tensors[result].shape
        if source in self and result in self:
            stays = shape == other
        elif source in self:
            stays = len(other) == 2 and other[0] == shape[0]
        else:
            stays = result not in self
        if not stays:
            raise Unplaced("images lie as NHWC: it moves elements")
