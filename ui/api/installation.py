"""The owner's word that a restored copy is the shop now. Whether it is asked for stands in the health."""

from fastapi import APIRouter

from jobs import fence
from ui.api.door import Owner, SignedIn
from ui.api.shapes import Told

router = APIRouter(prefix="/settings/installation", tags=["Settings"], route_class=SignedIn)


class Confirmed(Told):
    paused: int
    drafts: int


@router.post("/confirm")
def confirm(by: Owner) -> Confirmed:
    """Sending is open again. Sends of the copy stay paused, campaigns whose time has passed are drafts again.

    Refused where nothing is in doubt. If the original still runs elsewhere, switch it off first.
    """
    confirmed = fence.confirm(by)
    return Confirmed(paused=confirmed.paused, drafts=confirmed.asked)
