"""From a callable as users write it, `application`, `site.app`, `create_app('prod')`, to the application."""
from __future__ import annotations

import ast
from types import ModuleType
from typing import Any, Callable

from .errors import LoadError, show
from .loader import import_failed
from .suggestions import CONVENTIONAL, suggest_callables

_FACTORIES = ('create_app', 'make_app', 'create_application')
_FORMS = 'write a name (application), a dotted name (site.app), or a call with literal arguments (create_app())'


def find_application(module: ModuleType, name: str, written: str | None) -> tuple[str, Callable]:
    """The expression that was found, and the application. `name`: the module's. Raises LoadError."""
    if written is None:
        written = next((each for each in CONVENTIONAL if hasattr(module, each)), None)
    if written is None:
        message = f'{name} has neither {" nor ".join(CONVENTIONAL)}{suggest_callables(module, "")}'
        factory = next((each for each in _FACTORIES if callable(getattr(module, each, None))), None)
        example = f'{factory}()' if factory else 'NAME'
        raise LoadError('APP_CALLABLE_MISSING', message, f'name the callable after a colon: {name}:{example}')
    path, call = _parse(name, written)
    found = _look_up(module, name, path)
    if call is not None:
        if not callable(found):
            raise _not_callable(module, f'{name}:{".".join(path)}', found)
        found = _make(found, call, f'{name}:{written}')
    if not callable(found):
        raise _not_callable(module, f'{name}:{written}', found)
    return written, found


def _parse(name: str, written: str) -> tuple[list[str], ast.Call | None]:
    """`a.b` or `a.b(1, c=2)`: the names, and the call where there is one."""
    try:
        node: ast.AST = ast.parse(written.strip(), mode='eval').body
    except (SyntaxError, ValueError):
        node = ast.Constant(None)
    call = node if isinstance(node, ast.Call) else None
    if call is not None:
        node = call.func
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise LoadError('APP_CALLABLE_MISSING', f'{name}:{written} is not a name or a call', _FORMS)
    return [node.id, *path], call


def _look_up(module: ModuleType, name: str, path: list[str]) -> Any:
    found: Any = module
    for depth, part in enumerate(path):
        try:
            found = getattr(found, part)
        except AttributeError:
            holder = ':'.join([name, '.'.join(path[:depth])]) if depth else name
            hint = '' if depth else suggest_callables(module, part)
            message = f'{holder} has no {part}{hint}'
            raise LoadError('APP_CALLABLE_MISSING', message, f'name one that is there: {name}:NAME') from None
    return found


def _make(factory: Callable, call: ast.Call, target: str) -> Any:
    try:
        positional = [ast.literal_eval(argument) for argument in call.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
        if None in named:
            raise ValueError('** is not literal')
    except (ValueError, TypeError, SyntaxError):
        raise LoadError('APP_CALLABLE_MISSING', f'{target} has arguments that are not literals', _FORMS) from None
    try:
        return factory(*positional, **named)
    except BaseException as error:
        raise import_failed(error, target) from error


def _not_callable(module: ModuleType, target: str, found: Any) -> LoadError:
    asked = target.partition(':')[2]
    message = f'{target} is {show(found)}, which cannot be called{suggest_callables(module, asked)}'
    cure = 'name a function (environ, start_response), or an object with __call__'
    return LoadError('APP_NOT_CALLABLE', message, cure)
