"""Three pins around a design of many, so that it can be placed and timed without a board."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Port", "Wrapper", "ports_of"]


@dataclass(frozen=True)
class Port:
    """A port of a synthesised module.

    Parameters
    ----------
    name : str
        Its name in the netlist.
    width : int
        Bits.
    is_input : bool
        Whether the wrapper drives it.
    """

    name: str
    width: int
    is_input: bool


def ports_of(component):
    """Ports of a component's netlist, without `clk` and `rst`.

    Raises
    ------
    ValueError
        If it has no input or no output: all of it would be optimised away.
    """
    ports = [
        Port("__".join(map(str, path)), Value.cast(value).shape().width, member.flow == In)
        for path, member, value in component.signature.flatten(component)
    ]
    ports = [port for port in ports if port.width]
    for is_input, kind in ((True, "input"), (False, "output")):
        if not any(port.is_input == is_input for port in ports):
            raise ValueError(f"{type(component).__name__} has no {kind} to be timed from")
    return ports


class Wrapper(wiring.Component):
    """Shifts bits from a pin to all inputs of a module, and all of its outputs to another pin.

    A shift register is as long as the inputs have bits, reset included. Each of its flops feeds a
    second one, which drives the input: so inputs start at a flop that drives nothing else. It takes
    the inverse, since a mere copy is the same as the next flop of the shift register, and synthesis
    would make one of both. Outputs go to a flop each, and from
    there into a chain ``chain[i] <= chain[i - 1] ^ output[i]``, so that each changes the pin some
    cycles later and none is optimised away. Nothing of it is reset. Its deepest logic is one LUT.

    The module is an instance, so that it can be synthesised by itself: its cells are then the same
    with and without the wrapper.

    Parameters
    ----------
    module : str
        Name of the module and of the instance.
    ports : list of Port
        Ports besides `clk` and `rst`.

    Members
    -------
    clk : In(1)
        Clock of everything.
    i : In(1)
        Shifted to the inputs, the last port's highest bit first.
    o : Out(1)
        Sum of outputs of former cycles, modulo 2.
    """

    def __init__(self, module, ports):
        self._module, self._ports = module, ports
        super().__init__({"clk": In(1), "i": In(1), "o": Out(1)})

    @property
    def black_box(self):
        """The module without its contents, as Verilog."""
        ports = ["input clk", "input rst", *(
            f"{'input' if port.is_input else 'output'} [{port.width - 1}:0] {port.name}"
            for port in self._ports)]  # fmt: skip
        return f"(* blackbox *)\nmodule {self._module}({', '.join(ports)});\nendmodule\n"

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(reset_less=True, local=True)
        m.d.comb += ClockSignal().eq(self.clk)
        inputs = {f"i_{port.name}": Signal(port.width, name=f"launch_{port.name}")
                  for port in [*self._ports, Port("rst", 1, True)] if port.is_input}  # fmt: skip
        outputs = {f"o_{port.name}": Signal(port.width, name=f"wire_{port.name}")
                   for port in self._ports if not port.is_input}  # fmt: skip
        launch, wires = Cat(inputs.values()), Cat(outputs.values())
        shift, capture, chain = Signal(len(launch)), Signal(len(wires)), Signal(len(wires))
        m.d.sync += [
            shift.eq(Cat(self.i, shift)), launch.eq(~shift),
            capture.eq(wires), chain.eq(Cat(0, chain) ^ capture), self.o.eq(chain[-1]),
        ]  # fmt: skip
        m.submodules[self._module] = Instance(self._module, i_clk=self.clk, **inputs, **outputs)
        return m
