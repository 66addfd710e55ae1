"""What each finding means for users, and what a person can do where `check --repair` does nothing."""

from collections.abc import Mapping

from operations.invariants import Kind

ADVICE: Mapping[Kind, str] = {
    Kind.UNREADABLE: "the application can't read it either: restore it from a backup, or correct it by hand",
    Kind.TWO_OWNERS: "a person must decide: talk to both users, and cancel one of the bookings through the API",
    Kind.WITHOUT_SLOT: "if CONFIRMED, `check --repair` reserves a free slot again, else a person must decide",
    Kind.RESERVED_FOR_NOBODY: "a person must decide, unless its booking has ended: `check --repair` frees it then",
    Kind.HELD_FOR_NOBODY: "the slot counts as free from its deadline on; `check --repair` frees it then",
    Kind.WITHOUT_TRIGGER: "`check --repair` puts the trigger back, or ends the booking once it is over",
    Kind.STRAY_TRIGGER: "harmless: the expiration handler leaves settled bookings alone; `check --repair` deletes it",
    Kind.OWNER_MISSING: "a person must decide: look in the bookings of that provider for the one that owns it",
    Kind.STRAY_OWNER: "a person must decide: the status and the owner's fields contradict each other",
    Kind.DEADLINES_DIFFER: "a person must decide which is right; a confirm goes by the slot's",
    Kind.FACTS_DIFFER: "a person must decide which is right; what users see goes by the booking's own item",
    Kind.INDEX_KEYS: "its user's or its provider's list lacks it; `check --repair` rewrites the keys",
    Kind.SLOT_TIMES: "a person must decide: if it is free, delete it and set the day again; else ask its user",
    Kind.OVERLAP: "a person must decide: delete one that is free; if both are taken, cancel one through the API",
    Kind.POLICY_DIFFERS: "some slots go by another policy; `check --repair` writes the provider's own into all copies",
    Kind.TOO_MANY_HOLDS: "it ends as the holds do; a limit that was lowered or a trigger that was put back explains it",
    Kind.WAITS_FOR_TTL: "DynamoDB deletes within days; `expire-overdue` does it now",
    Kind.WAITS_FOR_EXPIRY: "look at the dead letters with `redrive expirations`; `check --repair` ends it",
    Kind.WAITS_TO_BE_FREE: "look at the dead letters with `redrive expirations`; `check --repair` ends it",
}
