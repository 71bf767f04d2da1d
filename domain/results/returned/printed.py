"""A returned mail as one line of JSON, for other programs."""

import json

from domain.results.returned.returned import Person, Returned


def as_line(file: str, mail: Returned) -> str:
    """Plain ASCII: whatever letters a mail holds, any terminal and any log takes the line."""
    return json.dumps(
        {"file": file, "kind": mail.kind, "recipients": [_person(one) for one in mail.recipients]}
    )


def _person(one: Person) -> dict[str, str | bool | None]:
    return {
        "address": one.address,
        "permanent": one.permanent,
        "reason": one.reason,
        "status": one.status or None,
        "diagnostic": one.diagnostic or None,
    }
