"""What is shown in the end, and kept in a file: who noticed which mutant."""

from collections import Counter
from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Table

from mutation.operators import OPERATORS
from mutation.running import TIME_OUT, Tried


def show(console: Console, tried: Sequence[Tried], known: Collection[str], *, seconds: float) -> None:
    """Show the counts, and the survivors that are not listed, each with what was taken out."""
    table = Table("", "mutants", "noticed", "by time-out", "listed", "survived")
    for kind in OPERATORS:
        of_kind = [each for each in tried if each.mutant.kind == kind]
        if of_kind:
            table.add_row(kind, *map(str, _counts(of_kind, known)))
    table.add_section()
    table.add_row("all", *map(str, _counts(tried, known)))
    console.print(table)
    each_took = sum(each.seconds for each in tried) / len(tried)
    console.print(f"{len(tried)} mutants in {seconds:.0f} s; one took {each_took:.2f} s in its process")
    for who, count in _who_noticed(tried):
        console.print(f"  {count:5} noticed by {who}")
    for each in tried:
        if each.noticed_by is None and each.mutant.name not in known:
            console.print(f"survived: {each.mutant.name} (line {each.mutant.line})", style="red", markup=False)
            console.print(each.mutant.difference, markup=False)


def as_text(tried: Sequence[Tried]) -> str:
    """All mutants, a line each."""
    return "".join(
        f"{each.seconds:6.1f} s  {each.mutant.name}  <- {each.noticed_by or 'nobody'}\n"
        for each in sorted(tried, key=lambda each: (each.mutant.module, each.mutant.line, each.mutant.name))
    )


def _counts(tried: Sequence[Tried], known: Collection[str]) -> tuple[int, int, int, int, int]:
    survived = [each for each in tried if each.noticed_by is None]
    listed = sum(each.mutant.name in known for each in survived)
    timed_out = sum((each.noticed_by or "").startswith(TIME_OUT) for each in tried)
    return len(tried), len(tried) - len(survived) - timed_out, timed_out, listed, len(survived) - listed


def _who_noticed(tried: Sequence[Tried]) -> list[tuple[str, int]]:
    """Folders of tests, the schedules and the import, with how many they noticed first."""
    first = Counter[str]()
    for each in tried:
        if each.noticed_by:
            by = each.noticed_by
            is_test = "/" in by and not by.startswith(TIME_OUT)
            first["/".join(by.partition("::")[0].split("/")[:2]) if is_test else by.split()[0].rstrip(":")] += 1
    return first.most_common()
