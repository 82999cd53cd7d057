"""Finds combinational paths through a netlist."""

__all__ = ["combinational_paths"]

#: Bit i of the output depends on bit i of these inputs, and on all of the others.
_BITWISE = {
    "$not": ("A",), "$pos": ("A",), "$and": ("A", "B"), "$or": ("A", "B"), "$xor": ("A", "B"),
    "$xnor": ("A", "B"), "$mux": ("A", "B"),
}  # fmt: skip
_REGISTERS = ("$dff", "$dffe", "$adff", "$adffe", "$sdff", "$sdffe", "$sdffce", "$aldff", "$aldffe")


def combinational_paths(module):
    """Pairs of an input and an output between which no register lies.

    Parameters
    ----------
    module : dict
        A flat module of Yosys' JSON netlist.

    Returns
    -------
    set of (str, str)
        Names of the pins. An output that is wired to an input counts; a register's clock and the
        inputs of a synchronous memory do not.
    """
    sources = {}
    for cell in module["cells"].values():
        if cell["type"] == "$scopeinfo" or cell["type"] in _REGISTERS:
            continue
        for output, inputs in _arcs(cell):
            sources.setdefault(output, []).extend(inputs)
    pins = {
        bit: name for name, port in module["ports"].items() if port["direction"] == "input"
        for bit in port["bits"]
    }  # fmt: skip
    return {
        (pin, name)
        for name, port in module["ports"].items() if port["direction"] == "output"
        for pin in _reached(port["bits"], sources, pins)
    }  # fmt: skip


def _reached(bits, sources, pins):
    """Input pins that any of `bits` depends on."""
    found, visited, waiting = set(), set(), list(bits)
    while waiting:
        bit = waiting.pop()
        # Constants are strings.
        if bit in visited or isinstance(bit, str):
            continue
        visited.add(bit)
        if bit in pins:
            found.add(pins[bit])
        waiting.extend(sources.get(bit, ()))
    return found


def _arcs(cell):
    """Yields each output bit of a cell with the bits it depends on in the same cycle."""
    connections, directions = cell["connections"], cell["port_directions"]
    if cell["type"] == "$mem_v2":
        yield from _memory_arcs(cell)
        return
    bitwise = _BITWISE.get(cell["type"], ())
    shared = [bit for port, bits in connections.items()
              if directions[port] == "input" and port not in bitwise for bit in bits]  # fmt: skip
    for port, bits in connections.items():
        if directions[port] == "output":
            for index, bit in enumerate(bits):
                # A narrow operand is extended with its last bit, or with zeros.
                own = [connections[name][min(index, len(connections[name]) - 1)]
                       for name in bitwise]  # fmt: skip
                yield bit, [*shared, *own]


def _memory_arcs(cell):
    """Reads without a clock: data depends on the address."""
    connections = cell["connections"]
    ports = _number(cell["parameters"]["RD_PORTS"])
    width, address = len(connections["RD_DATA"]) // ports, len(connections["RD_ADDR"]) // ports
    clocked = _number(cell["parameters"]["RD_CLK_ENABLE"])
    for port in range(ports):
        if not clocked >> port & 1:
            inputs = connections["RD_ADDR"][port * address : (port + 1) * address]
            for bit in connections["RD_DATA"][port * width : (port + 1) * width]:
                yield bit, inputs


def _number(parameter):
    return int(parameter, 2)
