"""Importing the application's module, and saying well why it cannot be."""
from __future__ import annotations

import errno
import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
import traceback
from types import ModuleType

from .errors import LoadError, describe
from .suggestions import suggest_modules
from .tracebacks import format_error, has_user_frames, user_frames

_GUARD = (
    "start the server only under `if __name__ == '__main__':`; "
    'Stillhouse imports the module and calls the application itself'
)
_SERVERS = frozenset(['serve_forever', 'run_simple', 'runserver', 'run_wsgi_app'])
_STARTS_SERVER = re.compile(r'\b(?:serve_forever|run_simple|make_server|\w+\.run|serve|run)\s*\(')


def load_module(directory: str, module: str, file: str | None) -> ModuleType:
    """Import `module`, or `file` under that name. Raises LoadError; whatever the import raises is in it."""
    try:
        return importlib.import_module(module) if file is None else _import_file(module, file)
    except LoadError:
        raise
    except BaseException as error:  # SystemExit too: a module that ends the process cannot be served
        if _is_missing(error, module):
            raise _missing(directory, module) from None
        raise import_failed(error, module) from error


def _import_file(module: str, file: str) -> ModuleType:
    if not os.path.isfile(file):
        folder, name = os.path.split(file)
        message = f'there is no file {file}{suggest_modules(folder, os.path.splitext(name)[0], ".py")}'
        raise LoadError('APP_MODULE_MISSING', message, 'name a file that exists')
    folder = os.path.dirname(os.path.abspath(file))
    if '.' not in module:
        _put_first(folder)  # as `python FILE` does
    if _finds(module, file):
        return importlib.import_module(module)
    _put_first(folder)
    # The name is taken by another module, or is none that `import` could find (a file without .py).
    loader = importlib.machinery.SourceFileLoader(module, file)
    spec = importlib.util.spec_from_file_location(module, file, loader=loader)
    made = importlib.util.module_from_spec(spec)
    registered = sys.modules.setdefault(module, made) is made
    try:
        loader.exec_module(made)
    except BaseException:
        if registered:
            del sys.modules[module]
        raise
    return made


def _put_first(folder: str) -> None:
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)


def _finds(module: str, file: str) -> bool:
    """Whether `import module` gives this very file."""
    try:
        spec = importlib.util.find_spec(module)
    except ValueError:  # a module that is there and has no spec
        return False
    except ModuleNotFoundError as error:
        if _is_missing(error, module):
            return False
        raise
    return bool(spec and spec.origin and os.path.exists(spec.origin) and os.path.samefile(spec.origin, file))


def _is_missing(error: BaseException, module: str) -> bool:
    """Whether the named module itself is missing, and not one that it imports."""
    if not isinstance(error, ModuleNotFoundError) or not error.name or has_user_frames(error):
        return False
    return module == error.name or module.startswith(error.name + '.')


def _missing(directory: str, module: str) -> LoadError:
    message = f'there is no module {module} in {directory}{suggest_modules(directory, module)}'
    cure = 'name the module as `import` does, and the callable after a colon: web_app:application'
    return LoadError('APP_MODULE_MISSING', message, cure)


def import_failed(error: BaseException, what: str) -> LoadError:
    """`what`: what was imported or called when `error` was raised."""
    frames = user_frames(traceback.extract_tb(error.__traceback__))
    where = f' at {frames[-1].filename}:{frames[-1].lineno}' if frames else ''
    if isinstance(error, SyntaxError) and error.filename:
        where = f' at {error.filename}:{error.lineno}'
    if isinstance(error, SystemExit):
        message = f'{what} ended the process when it was imported (SystemExit {error.code!r}){where}'
    else:
        message = f'{what} cannot be imported{where}: {describe(error)}'
    return LoadError('APP_IMPORT_FAILED', message, _cure(error, frames), format_error(error))


def _cure(error: BaseException, frames: traceback.StackSummary) -> str:
    if _address_in_use(error) or any(frame.name in _SERVERS for frame in frames):
        return _GUARD
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        started = any(_STARTS_SERVER.search(frame.line or '') for frame in frames)
        return _GUARD if started else "keep what ends the process under `if __name__ == '__main__':`"
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition('.')[0]
        return f'install {package} for {sys.executable}, or name the interpreter that has it with --python'
    return 'correct what the traceback shows'


def _address_in_use(error: BaseException | None) -> bool:
    seen = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
