"""Makes a failing program small enough to read."""

from .program import Program

__all__ = ["shrink"]


class _Budget:
    """`fails`, asked at most `calls` times and never twice about the same program."""

    def __init__(self, fails, calls):
        self.fails, self.calls, self.known = fails, calls, {}

    def __call__(self, commands):
        key = tuple(command.bits for command in commands)
        if key not in self.known:
            if self.calls <= 0:
                return False
            self.calls -= 1
            self.known[key] = bool(self.fails(Program(commands)))
        return self.known[key]


def _without_commands(commands, fails):
    """Leaves out ever smaller runs of commands, as long as the rest fails (delta debugging)."""
    size = len(commands)
    while size >= 1:
        start = 0
        while start < len(commands):
            rest = commands[:start] + commands[start + size :]
            if rest and fails(rest):
                commands = rest
            else:
                start += size
        size //= 2
    return commands


def _simpler(name, value):
    """Simpler values for a field, the simplest first. A count is not made 0: that is an error."""
    counts = ("rows", "bytes", "columns", "m", "n", "k")
    values = (0, 1, value // 2, value & value - 1, value - 1)
    return [v for v in dict.fromkeys(values) if (name in counts) <= v < value]


def _with_simpler_fields(commands, fails):
    for index, command in enumerate(commands):
        for name in [name for name in command.fields if name not in ("opcode", "body")]:
            for value in _simpler(name, commands[index].fields[name]):
                changed = commands[index].replace(**{name: value})
                attempt = [*commands[:index], changed, *commands[index + 1 :]]
                if fails(attempt):
                    commands = attempt
                    break
    return commands


def shrink(program, fails, max_calls=2000):
    """A short program that still fails.

    Parameters
    ----------
    program : Program
        A program for which `fails` holds.
    fails : callable
        Takes a `Program`, says whether it fails. It is asked about programs that are not legal,
        too, and about STOREs to lower addresses: it should say False where those would harm.
    max_calls : int
        How often `fails` is asked.

    Raises
    ------
    ValueError
        If `program` itself does not fail.
    """
    fails = _Budget(fails, max_calls)
    commands = list(program)
    if not fails(commands):
        raise ValueError("program must fail to be shrunk, and does not")
    before = None
    while before != commands:
        before = commands
        commands = _with_simpler_fields(_without_commands(commands, fails), fails)
    return Program(commands)
