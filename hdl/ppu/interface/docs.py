"""What the declarations say about themselves."""

import inspect
import re

__all__ = ["member_docs", "summary"]

_TRAILING = re.compile(r"^\s+(\w+)\s*[:=][^#]*#\s*(.+)$")
_LEADING = re.compile(r"^\s+#:\s*(.+)$")
_MEMBER = re.compile(r"^\s+(\w+)\s*[:=]")


def member_docs(declaration):
    """Name -> comment of each member of a structure or enumeration.

    A comment stands behind the member, or in lines of ``#:`` before it.
    """
    docs, leading = {}, []
    for line in inspect.getsource(declaration).splitlines():
        if match := _LEADING.match(line):
            leading.append(match[1])
        elif match := _TRAILING.match(line):
            docs[match[1]] = match[2]
        elif (match := _MEMBER.match(line)) and leading:
            docs[match[1]] = " ".join(leading)
            leading = []
    return docs


def summary(declaration):
    """First line of a docstring."""
    return inspect.getdoc(declaration).splitlines()[0]
