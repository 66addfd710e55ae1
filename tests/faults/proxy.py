"""microburst before an endpoint: a proxy that answers AWS calls with faults in AWS's own wire format."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from tests.ports import free_port
from tests.system import PATIENCE_SECONDS, eventually

Rule: TypeAlias = Mapping[str, Any]


class Proxy:
    """Passes calls on, and does what the one rule says to those that match it."""

    def __init__(self, port: int) -> None:
        # By name: for an address with dots, microburst 0.10 reads the models of all services at its first call.
        self.url = f"http://localhost:{port}"
        self._control = httpx.Client(base_url=f"{self.url}/_microburst", timeout=PATIENCE_SECONDS, trust_env=False)

    def follow(self, *rules: Rule) -> None:
        """From now on do this, and nothing else."""
        self._control.post("/rules", json=list(rules)).raise_for_status()

    def forget(self) -> None:
        """Do nothing any more, and forget what was done."""
        self.follow()
        self._control.delete("/fired").raise_for_status()

    @property
    def fired(self) -> int:
        """How many faults there were since it last forgot."""
        return len(self._control.get("/fired", params={"limit": 1000}).raise_for_status().json())

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return self._control.get("/health").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        """End the connection to it."""
        self._control.close()


@contextmanager
def running_proxy(endpoint: str, log: Path) -> Iterator[Proxy]:
    """A proxy in a process of its own before the endpoint at `host:port`."""
    port = free_port()
    command = [sys.executable, "-m", "microburst", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--upstream", f"http://{endpoint}"], stdout=output, stderr=subprocess.STDOUT
        )
    proxy = Proxy(port)
    try:

        def up() -> bool:
            assert process.poll() is None, log.read_text()
            return proxy.answers()

        eventually("the proxy is up", up)
        yield proxy
    finally:
        proxy.close()
        process.terminate()
        process.wait(PATIENCE_SECONDS)
