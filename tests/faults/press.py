"""Somebody at a door, as a process that can die in the middle: `python -m tests.faults.press send|refuse NUMBER`.

send 7      presses Send on campaign 7, as the owner does
refuse 31   follows the link in the message of delivery 31 that says "no more of this"
"""

import sys

import main
from data.database import now, reading, unit
from domain.sending import opt_out
from domain.sending.launches import Press
from domain.sending.opt_out import Said
from domain.shop import people
from jobs import sending


def send(campaign_id: int) -> None:
    with reading() as session:
        olive = people.by_email(session, "olive@marlow.example")
        assert olive is not None
        by = olive.as_actor("web")
    sending.send_now(campaign_id, Press(), by)


def refuse(delivery_id: int) -> None:
    with unit() as session:
        of = opt_out.recipient(session, delivery_id)
        assert of is not None
        opt_out.stop(session, of, of.scope, Said("one_click", "127.0.0.1", now()))


if __name__ == "__main__":
    verb, number = sys.argv[1:]
    main.open_shop()
    {"send": send, "refuse": refuse}[verb](int(number))
