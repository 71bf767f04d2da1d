"""Where answers go to nobody: told by the look of the address, never refused."""

import pytest

from domain.shop.no_reply import is_unread, warning

UNREAD = (
    "noreply@shop.example", "no-reply@shop.example", "No.Reply@shop.example", "no_reply+news@shop.example",
    "do-not-reply@shop.example", "donotreply2@shop.example", "noreplynews@shop.example", "news-noreply@shop.example",
    "ne-pas-repondre@boutique.example", "nicht-antworten@laden.example", "bitte.nicht.antworten@laden.example",
    "no-responder@tienda.example", "non-rispondere@negozio.example", "niet-beantwoorden@winkel.example",
    "hello@no-reply.shop.example", "mailer-daemon@shop.example",
)  # fmt: skip
READ = (
    "hello@shop.example", "olive@shop.example", "reply@shop.example", "maino.reply@shop.example", "noah.reply@shop.example",
    "answers@shop.example", "info@noble.example", "casino-replay@shop.example", "", "nobody", "@", "no-one.replies@shop.example",
)  # fmt: skip


@pytest.mark.parametrize("address", UNREAD)
def test_an_address_that_asks_for_no_answer_gets_a_word(address: str) -> None:
    assert is_unread(address)
    assert address in warning(address)


@pytest.mark.parametrize("address", READ)
def test_an_ordinary_address_gets_none(address: str) -> None:
    assert warning(address) == ""


def test_an_inbox_that_handbill_reads_is_read_whatever_it_is_called() -> None:
    assert warning("noreply@shop.example", inbox="NoReply@shop.example") == ""
    assert warning("noreply@shop.example", inbox="returned@shop.example")
