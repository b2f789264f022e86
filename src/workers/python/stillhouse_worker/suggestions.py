"""What a user may have meant: names that exist and look like the one that was asked for."""
from __future__ import annotations

import difflib
import os
from typing import Any

_SHOWN = 8
CONVENTIONAL = ('application', 'app')  # the names that are tried where none is given


def suggest_modules(directory: str, module: str, suffix: str = '') -> str:
    """The end of a sentence: `; did you mean web_app?`, or the modules of `directory`, each with `suffix`."""
    folder, prefix, rest = directory, '', module
    while '.' in rest:
        part, _, after = rest.partition('.')
        if os.path.isfile(os.path.join(folder, f'{part}.py')):
            return f'; did you mean {prefix}{part}{"" if after == "py" else f":{after}"}?'
        if not os.path.isdir(os.path.join(folder, part)):
            break
        folder, prefix, rest = os.path.join(folder, part), f'{prefix}{part}.', after
    names = [prefix + name for name in _modules(folder)]
    close = difflib.get_close_matches(module, names, _SHOWN, 0.6)
    if close:
        return f'; did you mean {_either([name + suffix for name in close[:3]])}?'
    if not names:
        return '; that folder has no Python modules'
    return f'; there are: {", ".join(name + suffix for name in names[:_SHOWN])}{", …" if len(names) > _SHOWN else ""}'


def _modules(folder: str) -> list[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    names = []
    for entry in entries:
        stem, extension = os.path.splitext(entry.name)
        if extension == '.py' and not stem.startswith('__'):
            names.append(stem)
        elif entry.is_dir() and os.path.isfile(os.path.join(entry.path, '__init__.py')):
            names.append(entry.name)
    return names


def suggest_callables(holder: Any, asked: str) -> str:
    """The end of a sentence: `; did you mean …?`, or the callables that `holder` (a module) defines, best first."""
    names = _callables(holder)
    close = difflib.get_close_matches(asked, names, 3, 0.6) if asked else []
    if close:
        names = close + [name for name in names if name not in close]
    if not names:
        return '; it defines no callables'
    listed = f'; its callables: {", ".join(names[:_SHOWN])}{", …" if len(names) > _SHOWN else ""}'
    return f'; did you mean {_either(close)}?{listed.replace("; its", " Its", 1)}' if close else listed


def _callables(holder: Any) -> list[str]:
    """Functions and classes that are defined there, and instances that can be called; the conventional names first."""
    own = getattr(holder, '__name__', None)
    found = [name for name, value in vars(holder).items() if not name.startswith('_') and _is_candidate(value, own)]
    return sorted(found, key=lambda name: (name not in CONVENTIONAL, isinstance(vars(holder)[name], type)))


def _is_candidate(value: Any, own: str | None) -> bool:
    try:
        if not callable(value):
            return False
        is_definition = isinstance(value, type) or hasattr(value, '__code__')
        return not is_definition or getattr(value, '__module__', None) == own
    except Exception:
        return False  # a proxy that has nothing behind it yet, such as Flask's `request`


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f'{", ".join(names[:-1])} or {names[-1]}'


