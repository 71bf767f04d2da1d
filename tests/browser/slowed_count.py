"""The program as it is, but counting people with the tag "slow" takes some seconds: for a late answer.

Beside the data it notes when such a count begins and when its answer is given, in the picker and in the builder.
"""

import json
import os
import time
from pathlib import Path

from domain.audience.audience import Audience, Count
from domain.audience.catalogue import Tree
from domain.audience.glimpse import Glimpse
from domain.book.message_types import MessageType
from main import app
from ui.parts import live_count, recipient_count

TAKES = 4.0  # seconds
BEGAN, ENDED = "slow-count-began", "slow-count-ended"
BUILDER_BEGAN, BUILDER_ENDED = "slow-glimpse-began", "slow-glimpse-ended"
_count = recipient_count._count
_glimpse = live_count._glimpse


def _slowed(audience: Audience, channel: str, message_type: MessageType) -> Count:
    found = _count(audience, channel, message_type)
    if "slow" in audience.tags:
        _note(BEGAN)
        time.sleep(TAKES)
        _note(ENDED)
    return found


def _slowed_glimpse(tree: Tree) -> Glimpse:
    found = _glimpse(tree)
    if '"slow"' in json.dumps(tree):
        _note(BUILDER_BEGAN)
        time.sleep(TAKES)
        _note(BUILDER_ENDED)
    return found


def _note(what: str) -> None:
    (Path(os.environ["HANDBILL_DATA"]) / what).touch()


if __name__ == "__main__":
    recipient_count._count = _slowed
    live_count._glimpse = _slowed_glimpse
    app()
