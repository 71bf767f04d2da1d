"""What a message is to the person who gets it: something they agreed to, or something about their own business."""

from enum import StrEnum
from typing import Final

EVERY_TYPE: Final = "all"


class MessageType(StrEnum):
    MARKETING = "marketing"
    NEWSLETTER = "newsletter"
    OPERATIONAL = "operational"

    @property
    def needs_consent(self) -> bool:
        return self is not MessageType.OPERATIONAL
