"""Several messages in one file: the mbox form, in which each begins with a line "From them@there Mon Jan 1 ..."."""

import re
from collections.abc import Iterator
from typing import Final

FROM_LINE: Final = re.compile(
    rb"(?m)^From \S* {1,3}(?:\S+ ){0,3}?\w{3},? +\w{3} +\d{1,2} .{0,40}\d{4}.{0,20}$"
)
FIELD: Final = re.compile(rb"^[A-Za-z][A-Za-z0-9-]*:|^[ \t]+\S")


def messages(raw: bytes) -> Iterator[bytes]:
    """One message is given back as it is. A `From` line right below fields begins an enclosed message, not a new one."""
    if not raw.startswith(b"From "):
        yield raw
        return
    starts = [found.start() for found in FROM_LINE.finditer(raw) if _begins(raw, found.start())]
    for start, end in zip([0, *starts], [*starts, len(raw)], strict=True):
        yield raw[start:end]


def _begins(raw: bytes, at: int) -> bool:
    before = raw[max(0, at - 2_000) : at].replace(b"\r\n", b"\n")
    if not before.endswith(b"\n\n"):
        return False
    return FIELD.match(before.rstrip().rpartition(b"\n")[2]) is None
