"""`python -m tests.deployed.endpoint`: MiniStack, with stream records of deletions by TTL as DynamoDB writes them.

DynamoDB tells who deleted by TTL, and the stream's mapping filters by it; MiniStack does not tell. Here its records get
that identity by the rule of the local stack, so that the mapping delivers with the filter that was applied.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack import _endpoint_child
from local_stack.endpoint import HOST, answers
from local_stack.resources import resources
from local_stack.stream_records import Record
from local_stack.ttl import mark_ttl_deletion
from tests.system import ROOT, eventually


@contextmanager
def identifying_endpoint(directory: Path, port: int) -> Iterator[str]:
    """Such an endpoint in a process of its own, empty at first; gives its URL."""
    directory.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "TMPDIR": str(directory),
        # As for the local stack: nothing but the one port, and nobody's containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{directory}/no-docker.sock",
    }
    with (directory / "endpoint.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    # At the end of its input, the process ends.
    with process:
        eventually("the endpoint answers", lambda: answers(HOST, port))
        yield f"http://{HOST}:{port}"


def main() -> None:
    """Run it with what the environment says, until the end of the standard input."""
    from ministack.services import dynamodb  # noqa: PLC0415 - only this process shall load it

    written = dynamodb._build_change_record  # noqa: SLF001 - it has no public way to add to a record
    attribute = resources().table.ttl_attribute

    def identified(*arguments: object) -> Record:
        return mark_ttl_deletion(written(*arguments), attribute=attribute)

    dynamodb._build_change_record = identified  # noqa: SLF001
    _endpoint_child.main()


if __name__ == "__main__":
    main()
