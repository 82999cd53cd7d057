"""Reads what a Liberty file says of its cells, but for their timing."""

import re
from dataclasses import dataclass, field

__all__ = ["Group", "parse"]

_SPACE = re.compile(r"(?:[\s;]|\\\r?\n|/\*.*?\*/|//[^\n]*)*", re.S)
_NAME = re.compile(r"[A-Za-z_]\w*")
_STRING = r'"(?:[^"\\]|\\.)*"'
_VALUE = re.compile(rf"\s*({_STRING}|(?:[^;{{}}\n/]|/(?![*/]))*)", re.S)
_ARGUMENTS = re.compile(rf"\(((?:{_STRING}|[^()\"])*)\)", re.S)
_BODY = re.compile(rf"(?:{_STRING}|/\*.*?\*/|[^{{}}\"/]|/)*", re.S)

#: Groups that hold tables: most of a file, and not needed here.
_SKIPPED = {"timing", "internal_power", "leakage_power", "lu_table_template",
            "power_lut_template", "receiver_capacitance"}  # fmt: skip


@dataclass
class Group:
    """One group of a Liberty file.

    Parameters
    ----------
    kind, name : str
        What stands before the parenthesis, and in it.
    attributes : dict
        Name -> text, without quotes.
    groups : list of Group
        Groups in it, but for those that hold tables.
    """

    kind: str
    name: str
    attributes: dict = field(default_factory=dict)
    groups: list = field(default_factory=list)

    def children(self, *kinds):
        """The groups of these kinds, in order."""
        return [group for group in self.groups if group.kind in kinds]


def parse(text):
    """The group ``library`` of a Liberty file's text.

    Raises
    ------
    ValueError
        If it is none. The message tells the line.
    """
    reader = _Reader(text)
    library = reader.statement(None)
    if library is None or library.kind != "library":
        raise reader.error("no group `library (...) {`")
    return library


class _Reader:
    """Goes through the text once."""

    def __init__(self, text):
        self._text, self._position = text, 0

    def error(self, reason):
        line = self._text.count("\n", 0, self._position) + 1
        return ValueError(f"line {line}: {reason}")

    def statement(self, parent):
        """Reads an attribute into `parent`, or gives a group that it has read."""
        self._skip_space()
        kind = self._take(_NAME, "a name was expected")[0]
        self._skip_space()
        if self._at(":") and parent is not None:
            self._position += 1
            value = self._take(_VALUE, "a value was expected")[1]
            parent.attributes[kind] = _unquoted(value)
            return None
        arguments = self._take(_ARGUMENTS, f"':' or '(' was expected after {kind!r}")[1]
        self._skip_space()
        if not self._at("{"):
            if parent is not None:
                parent.attributes[kind] = _unquoted(arguments)
            return None
        self._position += 1
        group = Group(kind, _unquoted(arguments))
        if kind in _SKIPPED:
            self._skip_body()
        else:
            self._body(group)
        return group

    def _body(self, group):
        while True:
            self._skip_space()
            if self._at("}"):
                self._position += 1
                return
            child = self.statement(group)
            if child is not None and child.kind not in _SKIPPED:
                group.groups.append(child)

    def _skip_body(self):
        depth = 1
        while depth:
            self._position = _BODY.match(self._text, self._position).end()
            if not (self._at("{") or self._at("}")):
                raise self.error("a group has no end")
            depth += 1 if self._at("{") else -1
            self._position += 1

    def _skip_space(self):
        self._position = _SPACE.match(self._text, self._position).end()

    def _at(self, character):
        return self._text.startswith(character, self._position)

    def _take(self, pattern, reason):
        match = pattern.match(self._text, self._position)
        if match is None:
            raise self.error(reason)
        self._position = match.end()
        return match


def _unquoted(text):
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text
