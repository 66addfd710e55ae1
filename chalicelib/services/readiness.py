"""Whether the system could do its work right now."""

from collections.abc import Mapping

from chalicelib.domain.ports import Dependency


class ReadinessService:
    """Asks each dependency for a sign of life."""

    def __init__(self, *, dependencies: Mapping[str, Dependency]) -> None:
        self._dependencies = dependencies

    def check(self) -> dict[str, bool]:
        """Name of each dependency, and whether it answers."""
        return {name: dependency.answers() for name, dependency in self._dependencies.items()}
