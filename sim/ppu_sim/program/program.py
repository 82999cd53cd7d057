"""Programs: commands in their order, as bytes and as text."""

from dataclasses import dataclass

from ppu.isa import COMMAND_BYTES

from .command import Command

__all__ = ["Program"]


@dataclass(frozen=True)
class Program:
    """A list of commands.

    Parameters
    ----------
    commands : iterable of Command
        The commands in program order.
    """

    commands: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "commands", tuple(self.commands))
        for command in self.commands:
            if not isinstance(command, Command):
                raise TypeError(f"a program consists of Command, not {command!r}")

    @classmethod
    def from_bytes(cls, data):
        """Disassembles: any bytes in a multiple of a command's length, valid commands or not."""
        data = bytes(data)
        if len(data) % COMMAND_BYTES:
            raise ValueError(f"a program is a multiple of {COMMAND_BYTES} bytes, not {len(data)}")
        starts = range(0, len(data), COMMAND_BYTES)
        return cls(Command.from_bytes(data[start : start + COMMAND_BYTES]) for start in starts)

    def to_bytes(self):
        """The program as it lies in the command ring."""
        return b"".join(command.to_bytes() for command in self.commands)

    def listing(self):
        """The program as text: one line for each command, with its index."""
        return "\n".join(f"{index:5}  {command}" for index, command in enumerate(self.commands))

    def __add__(self, other):
        return Program(self.commands + tuple(other))

    def __len__(self):
        return len(self.commands)

    def __iter__(self):
        return iter(self.commands)

    def __getitem__(self, index):
        """A command, or the program of a slice."""
        return Program(self.commands[index]) if isinstance(index, slice) else self.commands[index]
