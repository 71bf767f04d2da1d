"""Places at which a test may end the process, as a power cut would. Nothing happens unless the environment asks for it.

HANDBILL_FAILPOINT=handoff_committed:3      ends the process when that place is reached for the third time
"""

import os
from collections import Counter
from typing import Final, Literal

EXIT_CODE: Final = 86

Place = Literal[
    "claim",  # the campaign is claimed, not committed
    "expand",  # the dispatch is written, its rows are not
    "rows_inserted",  # one row for each recipient, not committed
    "also",  # what goes beside it on another channel is written too, not committed
    "asked",  # the question on another channel is claimed, not committed
    "asked_rows",  # and those who are asked are written, not committed
    "launched",  # committed; nobody has been woken
    "row_claimed",  # a lot of rows belongs to a worker
    "mail",  # the envelope is about to leave
    "rcpt",  # the server has taken the recipient
    "handoff_committed",  # from now on it may have been sent
    "half_body",  # half of the message is on the wire
    "dot_sent",  # all of it is, no answer yet
    "250_read",  # the server has taken it, not written down yet
    "sent_committed",  # and now it is
    "finish",  # no open row is left, the dispatch is not closed
    "fallback",  # the account is given up, the campaign is not a draft yet
    "optout_stored",  # somebody has opted out while rows are queued
]

_name, _, _nth = os.environ.get("HANDBILL_FAILPOINT", "").partition(":")
_hits: Counter[str] = Counter()
armed: Final = bool(_name)  # asked before `reach` where speed matters


def reach(place: Place) -> None:
    """Ends the process without any farewell if this is the place and the time."""
    if place != _name:
        return
    _hits[place] += 1
    if _hits[place] == int(_nth or 1):
        os._exit(EXIT_CODE)
