"""Configurations from presets and ``field=value`` texts of a command line."""

from dataclasses import fields, replace

from ppu.config import Config, Signs, preset

__all__ = ["configured", "title_of"]


def configured(name, changes=(), base=None):
    """The preset `name` with fields changed.

    Parameters
    ----------
    name : str
        Preset.
    changes : iterable of str
        ``field=value``.
    base : Config
        What is changed, if it is not the preset as it is.

    Raises
    ------
    ValueError
        If a field or a value is not one.
    """
    values = {}
    known = {field.name for field in fields(Config)}
    for text in changes:
        field, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"a change must be FIELD=VALUE, not {text!r}")
        if field not in known:
            raise ValueError(f"field must be one of {', '.join(sorted(known))}, not {field!r}")
        values[field] = _value(field, value)
    return replace(base or preset(name), **values)


def _value(field, text):
    if field == "signs":
        names = [signs.value for signs in Signs]
        if text not in names:
            raise ValueError(f"signs must be one of {', '.join(names)}, not {text!r}")
        return Signs(text)
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{field} must be an integer, not {text!r}") from None


def title_of(name, changes=()):
    """A short name of a changed preset, fit for a file."""
    return "-".join([name, *(text.replace("=", "") for text in changes)])
