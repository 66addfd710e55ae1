from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_stack.backlog import Backlog, BacklogError
from tests.local_stack.support import stream_record

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_written_is_read_until_it_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "backlog.json"
    records = [stream_record(1), stream_record(2)]

    assert Backlog(path).read() == []
    Backlog(path).write(records)
    assert Backlog(path).read() == Backlog(path).read() == records
    Backlog(path).write([])
    assert Backlog(path).read() == []
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "backlog.json"
    path.write_text('[{"half":', encoding="utf-8")

    with pytest.raises(BacklogError, match=r"backlog\.json is damaged"):
        Backlog(path).read()
