"""Who stands behind a figure of a send, as a condition over the ledger."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select

from domain.ledger.deliveries import Delivery, Heard, State
from domain.ledger.engagement import Engagement
from domain.ledger.hearing import CAME_BACK
from domain.ledger.held import is_held
from domain.ledger.received import ReceivedMail


class Figure(StrEnum):
    """What was heard of a message after it was sent. The terms of the equation are not among them."""

    DELIVERED = "delivered"
    PENDING = "pending"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    HELD = "held"  # by WhatsApp itself; also who was refused at once for that
    UNDELIVERED = "undelivered"  # refused at once, or came back


def behind(figure: Figure, dispatch_id: int) -> ColumnElement[bool]:
    """Exactly those whom the figure counts."""
    mine = Delivery.dispatch_id == dispatch_id
    if figure in MOMENTS:
        moment = MOMENTS[figure]
        did = select(Engagement.delivery_id).where(Engagement.dispatch_id == dispatch_id, moment.is_not(None))
        return and_(mine, Delivery.id.in_(did))
    if figure is Figure.REPLIED:
        wrote = select(ReceivedMail.delivery_id).where(ReceivedMail.delivery_id.is_not(None))
        return and_(mine, Delivery.id.in_(wrote))
    if figure is Figure.HELD:
        return and_(mine, is_held())
    if figure is Figure.UNDELIVERED:
        back = and_(Delivery.state == State.SENT, _heard(Figure.BOUNCED))
        return and_(mine, or_(Delivery.state == State.FAILED, back), not_(_is_held()))
    return and_(mine, Delivery.state == State.SENT, _heard(figure))


def _heard(figure: Figure) -> ColumnElement[bool]:
    settled = (Heard.DELIVERED, *CAME_BACK, Heard.COMPLAINED)
    match figure:
        case Figure.PENDING:
            return or_(Delivery.heard.is_(None), Delivery.heard.not_in(settled))
        case Figure.BOUNCED:
            return and_(Delivery.heard.in_(CAME_BACK), not_(_is_held()))
        case _:
            return Delivery.heard == Heard(figure)


def _is_held() -> ColumnElement[bool]:
    """Never "nobody knows", so that it can be turned round."""
    return func.coalesce(is_held(), false())


MOMENTS: dict[Figure, Any] = {
    Figure.OPENED: Engagement.opened_at,
    Figure.CLICKED: Engagement.clicked_at,
}
