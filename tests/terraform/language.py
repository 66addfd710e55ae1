"""What a configuration uses, read from its text as `terraform fmt` has it: a plan does not tell dynamic blocks."""

import re
from collections.abc import Iterator
from typing import NamedTuple

META_ARGUMENTS = {"count", "depends_on", "for_each", "lifecycle", "provider"}
"""Those of Terraform itself, in a resource of any kind."""

_INDENT = 2
_BLOCK = re.compile(r'(dynamic "(?P<dynamic>\w+)"|(?P<kind>\w+)(?P<labels>( "\w+")*)) \{')
_ARGUMENT = re.compile(r"(?P<name>\w+) += ")
_ATTRIBUTE = re.compile(r"\b((?:data\.)?aws_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)")
_COMMENT = re.compile(r'^((?:[^"#]|"(?:[^"\\]|\\.)*")*)#.*$', re.MULTILINE)


class Used(NamedTuple):
    """A name that a configuration uses of a type of resource; a name inside a block is `block.name`."""

    kind: str
    name: str


def without_comments(text: str) -> str:
    """The same without comments."""
    return _COMMENT.sub(r"\1", text)


def arguments(text: str) -> Iterator[Used]:
    """All arguments and blocks of the resources and data sources; the type of the latter begins with `data.`."""
    open_blocks: list[str] = []
    for line in without_comments(text).splitlines():
        code = line.strip()
        depth = (len(line) - len(line.lstrip())) // _INDENT
        if code == "}" and depth == len(open_blocks) - 1:
            open_blocks.pop()
        elif code and depth == len(open_blocks):
            block, argument = _BLOCK.fullmatch(code), _ARGUMENT.match(code)
            if block:
                open_blocks.append(_opened(block, outermost=not open_blocks))
            if (block or argument) and (used := _used([*open_blocks, argument["name"] if argument else ""])):
                yield used


def _opened(block: re.Match[str], *, outermost: bool) -> str:
    """What a block adds to the names inside it: a type, a name, or nothing."""
    if block["dynamic"]:
        return block["dynamic"]
    if not outermost:
        return "" if block["kind"] == "content" else block["kind"]
    kind = {"resource": "", "data": "data."}.get(block["kind"])
    return "" if kind is None else kind + block["labels"].split('"')[1]


def _used(path: list[str]) -> Used | None:
    kind, *names = path
    name = ".".join(filter(None, names))
    return Used(kind, name) if kind and name and META_ARGUMENTS.isdisjoint(names) else None


def attributes(text: str) -> Iterator[Used]:
    """All attributes of resources and data sources that are read by address."""
    for kind, name in _ATTRIBUTE.findall(without_comments(text)):
        yield Used(kind, name)


def functions(text: str) -> set[str]:
    """All functions that are called, and what looks like it inside strings; a provider's is `provider::its::name`."""
    return set(re.findall(r"\b([a-z][a-z0-9_:]*)\(", without_comments(text)))


def blocks(text: str) -> set[str]:
    """The kinds of the outermost blocks."""
    return set(re.findall(r"^(\w+)[^=\n]*\{$", text, re.MULTILINE))
