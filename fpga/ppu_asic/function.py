"""Boolean functions as Liberty writes them."""

import re

__all__ = ["truth_table", "variables"]

_TOKEN = re.compile(r"\s*([A-Za-z_]\w*(?:\[\d+\])?|[01]|[!'^*&+|()])")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])?")


def variables(text):
    """Names in a function, sorted."""
    return sorted(set(_NAME.findall(text)))


def truth_table(text):
    """What a function gives for each value of its variables.

    Parameters
    ----------
    text : str
        The function: ``!`` before or ``'`` behind for not, ``^``, then ``*``, ``&`` or nothing for
        and, then ``+`` or ``|`` for or, in the order in which they bind.

    Returns
    -------
    tuple of bool
        Entry i is for the value in which variable j of :func:`variables` is bit j of i.

    Raises
    ------
    ValueError
        If `text` is not such a function. The message quotes it.
    """
    names = variables(text)
    entries = 1 << len(names)
    ones = (1 << entries) - 1
    # All entries at once: bit i of a number is the value in entry i.
    values = {name: sum(1 << i for i in range(entries) if i >> j & 1)
              for j, name in enumerate(names)}  # fmt: skip
    table = _Parser(text, {**values, "0": 0, "1": ones}, ones).whole()
    return tuple(bool(table >> i & 1) for i in range(entries))


class _Parser:
    """Recursive descent, one method for each strength of binding."""

    def __init__(self, text, values, ones):
        self._text, self._values, self._ones = text, values, ones
        self._tokens, position = [], 0
        stripped = text.rstrip()
        while position < len(stripped):
            match = _TOKEN.match(stripped, position)
            if match is None:
                raise self._error()
            self._tokens.append(match[1])
            position = match.end()
        self._tokens.reverse()

    def whole(self):
        value = self._or()
        if self._tokens:
            raise self._error()
        return value

    def _error(self):
        return ValueError(f"Function must be one of Liberty, not {self._text!r}")

    def _next_is(self, choices):
        return bool(self._tokens) and self._tokens[-1] in choices

    def _or(self):
        value = self._and()
        while self._next_is("+|"):
            self._tokens.pop()
            value |= self._and()
        return value

    def _and(self):
        value = self._xor()
        while self._tokens and not self._next_is("+|)"):
            if self._next_is("*&"):
                self._tokens.pop()
            value &= self._xor()
        return value

    def _xor(self):
        value = self._not()
        while self._next_is("^"):
            self._tokens.pop()
            value ^= self._not()
        return value

    def _not(self):
        if not self._tokens:
            raise self._error()
        token = self._tokens.pop()
        if token == "!":
            return self._ones ^ self._not()
        if token == "(":
            value = self._or()
            if not self._next_is(")"):
                raise self._error()
            self._tokens.pop()
        elif token in self._values:
            value = self._values[token]
        else:
            raise self._error()
        while self._next_is("'"):
            self._tokens.pop()
            value ^= self._ones
        return value
