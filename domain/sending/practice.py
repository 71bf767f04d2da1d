"""What was pressed in practice reaches no customer, and what was real does not end in the practice inbox."""

from sqlalchemy.orm import Session

from domain.channels import channel
from domain.refusal import Kind, Refusal
from domain.sending.dispatches import Dispatch

WENT_LIVE = "This was sent in practice mode, and the shop has gone live since. Send it anew if real customers are to get it."
IN_PRACTICE = "The shop is in practice mode now, and nothing would leave it. Connect the mail account first."


def require_not_gone_live(session: Session, dispatch: Dispatch) -> None:
    """However late it is taken up. Raises Refusal."""
    if dispatch.practice and _is_live(session, dispatch):
        raise Refusal("went_live", WENT_LIVE, Kind.CONFLICT)


def require_same_mode(session: Session, dispatch: Dispatch) -> None:
    """For whoever takes it up once more. Raises Refusal."""
    require_not_gone_live(session, dispatch)
    if not dispatch.practice and not _is_live(session, dispatch):
        raise Refusal("in_practice", IN_PRACTICE, Kind.CONFLICT)


def _is_live(session: Session, dispatch: Dispatch) -> bool:
    return channel.named(dispatch.channel).is_connected(session)
