"""What ONNX Runtime does: operators that the core does not have."""

from .sessions import Session, type_of, unwrapped, wrapped

__all__ = ["HostStage", "run_nodes"]


def run_nodes(graph, nodes, values):
    """Runs some nodes on arrays by name, of any shape; gives all that they make, by name.

    Raises
    ------
    RunError
        If ONNX Runtime does not do it.
    """
    stage = HostStage(graph, nodes)
    found = dict(values)
    stage.run(None, found)
    return found


class HostStage:
    """Operators that follow each other on the host.

    Parameters
    ----------
    graph : Graph
        The model.
    nodes : list of Node
        In their order.
    """

    def __init__(self, graph, nodes):
        self.nodes = nodes
        made = {name for node in nodes for name in node.outputs}
        # Without repetition, in order.
        needed = {name: None for node in nodes for name in node.needs if name not in made}
        self._inputs = [name for name in needed if name not in graph.constants]
        self._outputs = [name for node in nodes for name in node.outputs if name]
        self._graph = graph
        self._constants = [item for item in graph.proto.graph.initializer if item.name in needed]
        self._session = None

    def _model(self, values):
        """The operators as a model for tensors of any shape: these may depend on data."""
        from onnx import ValueInfoProto, helper

        inputs = [ValueInfoProto(name=name, type=type_of(value)) for name, value in values.items()]
        outputs = [ValueInfoProto(name=name) for name in self._outputs]
        graph = helper.make_graph([node.proto for node in self.nodes], "host", inputs, outputs,
                                  self._constants)  # fmt: skip
        return helper.make_model(graph, opset_imports=self._graph.proto.opset_import,
                                 ir_version=self._graph.proto.ir_version)

    def run(self, device, values, *, layer_by_layer=False):
        """Runs it: adds its outputs to `values`, arrays by name. What cannot be one is an OrtValue.
        The core has nothing to do.

        Raises
        ------
        RunError
            If ONNX Runtime does not do it for these values.
        """
        given = {name: wrapped(values[name]) for name in self._inputs}
        self._session = self._session or Session(self._model(given))
        found = self._session.run(self._outputs, given)
        values.update((name, unwrapped(value)) for name, value in found.items())
        return []
