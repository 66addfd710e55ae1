"""Puts a mutant in place before its module is imported."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType


class _Loader(SourceFileLoader):
    """Compiles a given source; no bytecode is read or written."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        super().__init__(name, str(path))
        self._source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it has one module
        """The given source, compiled."""
        return compile(self._source, self.path, "exec")


class _Finder(MetaPathFinder):
    """Finds one module, and gives it another source."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self._module = module
        self._loader = _Loader(module, path, source)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - it knows the path
        target: ModuleType | None = None,  # noqa: ARG002 - nor what for
    ) -> ModuleSpec | None:
        """The module's, for the one module."""
        if fullname != self._module:
            return None
        return spec_from_file_location(fullname, self._loader.path, loader=self._loader)


def import_in_place_of(module: str, path: Path, source: str) -> None:
    """From here on this process has the module from this source. Raises RuntimeError if it had it before."""
    if module in sys.modules:
        raise RuntimeError(f"{module} is imported already")
    sys.meta_path.insert(0, _Finder(module, path, source))
