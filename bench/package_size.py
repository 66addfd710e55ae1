"""What is deployed, by size."""

import io
import os
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from bench.part import Part, Result, Tell, picture, table
from deployment.package import ROOT, build

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEGABYTE = 1_000_000
_SHOWN = 12


def _measure(effort: int, tell: Tell) -> Result:  # noqa: ARG001 - it is the same each time
    tell("packing")
    packed, unpacked = Counter[str](), Counter[str]()
    with zipfile.ZipFile(io.BytesIO(build(ROOT, os.environ)["deployment.zip"])) as archive:
        for entry in archive.infolist():
            top = entry.filename.partition("/")[0]
            packed[top] += entry.compress_size
            unpacked[top] += entry.file_size
    return {
        "packed": packed.total(),
        "unpacked": unpacked.total(),
        "parts": {name: [size, unpacked[name]] for name, size in packed.most_common()},
    }


def _largest(result: Result) -> list[tuple[str, list[int]]]:
    parts: Mapping[str, list[int]] = result["parts"]
    return sorted(parts.items(), key=lambda part: -part[1][0])[:_SHOWN]


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    axes = figure.subplots()
    largest = _largest(result)[::-1]
    axes.barh([name for name, _ in largest], [sizes[0] / _MEGABYTE for _, sizes in largest], color="#3b6ea8")
    axes.set_xlabel("MB in the zip")
    axes.spines[["top", "right"]].set_visible(False)
    return {"parts": figure}


def _describe(result: Result) -> str:
    rows = [[f"`{name}`", *[f"{size / _MEGABYTE:.2f}" for size in sizes]] for name, sizes in _largest(result)]
    rest = [
        sum(sizes[place] for sizes in result["parts"].values()) - sum(sizes[place] for _, sizes in _largest(result))
        for place in (0, 1)
    ]
    rows.append(["all else", *[f"{size / _MEGABYTE:.2f}" for size in rest]])
    rows.append(["**all**", *[f"**{result[key] / _MEGABYTE:.2f}**" for key in ("packed", "unpacked")]])
    return f"""\
`build/deployment.zip`, as `make package` makes it: the largest of what is in it.

{table(["part", "MB, packed", "MB, unpacked"], rows)}

![The largest parts of the package]({picture("package", "parts")})

Of botocore's descriptions of AWS's services, only those of DynamoDB and SQS are packed, and of the viewers of the API's
description only the one that is shown. What is left is what the dependencies are made of, and its bytecode: Lambda can't write
any where a function lies, and without it each cold start would compile all that it imports, which takes three times as long.
"""


PART = Part(name="package", title="Package", measure=_measure, draw=_draw, describe=_describe)
