"""What a check says, for people and for programs."""

from itertools import repeat
from typing import TYPE_CHECKING, Any

from chalicelib.domain.instants import to_text
from operations.advice import ADVICE
from operations.screen import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from operations.check import Report
    from operations.invariants import Finding
    from operations.repair import Outcome
    from operations.screen import Screen
    from operations.target import Target


def report(
    system: "Target", screen: "Screen", found: "Report", outcomes: "Sequence[Outcome] | None", *, as_json: bool
) -> bool:
    """Show what was found; whether the data is sound now.

    `outcomes` are those of a repair, of the violations and then of what is late.
    """
    fates: list[Outcome | None] = [*(outcomes if outcomes is not None else repeat(None, _size(found)))]
    wrong = list(zip(found.violations, fates, strict=False))
    late = list(zip(found.late, fates[len(wrong) :], strict=True))
    sound = all(fate is not None and fate.mended for _, fate in wrong)
    if as_json:
        screen.json(
            {
                "name": system.name,
                "endpoint": system.dynamodb.meta.endpoint_url,
                "sound": sound,
                "items": found.items,
                "waiting": found.waiting,
                "violations": [_finding(*each) for each in wrong],
                "late": [_finding(*each) for each in late],
            }
        )
        return sound
    for finding, fate in wrong:
        screen.say(f"{finding.kind}: {finding.text}", mark="WRONG", style="bold", mark_style="bold red")
        _say_what_became_of_it(screen, finding, fate)
    for finding, fate in late:
        screen.say(f"{finding.kind}: {finding.text}", mark="late", style="bold", mark_style="yellow")
        _say_what_became_of_it(screen, finding, fate)
    counts = f"{len(wrong)} wrong, {len(late)} late, {found.waiting} waiting"
    mended = sum(fate is not None and fate.mended for fate in fates)
    repaired = "" if outcomes is None else f"; {mended} mended, {len(fates) - mended} left"
    screen.say(
        f"{system.where}: {counted(found.items, 'item')}, {counts}{repaired}: {'sound' if sound else 'not sound'}",
        style="bold green" if sound else "bold red",
    )
    return sound


def _say_what_became_of_it(screen: "Screen", finding: "Finding", fate: "Outcome | None") -> None:
    if fate is None:
        screen.say(ADVICE[finding.kind], mark=" ")
    elif fate.mended:
        screen.say(fate.says, mark="  mended", mark_style="green")
    else:
        screen.say(fate.says, mark="  left", mark_style="yellow")


def _finding(finding: "Finding", fate: "Outcome | None") -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "text": finding.text,
        "since": to_text(finding.since) if finding.since else None,
        "items": [{"PK": partition, "SK": sort_key} for partition, sort_key in finding.rests_on],
        "advice": ADVICE[finding.kind],
        **({"mended": fate.mended, "outcome": fate.says} if fate else {}),
    }


def _size(found: "Report") -> int:
    return len(found.violations) + len(found.late)
