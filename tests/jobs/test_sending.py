"""A campaign goes out: over real SMTP, with every kind of answer a server can give."""

from email import message_from_bytes, policy

import pytest

from data.config import Config, use_config
from data.database import now, unit
from domain.book import consent, message_types
from domain.ledger.deliveries import State
from domain.refusal import Refusal
from domain.sending.engine import CONNECTIONS
from domain.sending.launches import Press
from domain.sending.promotion import promote
from domain.sending.routing import TROUBLES_IN_A_ROW
from jobs import sending
from tests.jobs.conftest import Desk
from tests.twins.smtp_server import ScriptedServer, drop, say, stall


def test_everybody_gets_their_own_message_and_the_books_balance(desk: Desk) -> None:
    desk.write_in("Ana", "Ben", "Cleo")
    campaign_id = desk.campaign()
    with desk.mail_server(ScriptedServer()) as server:
        books = desk.until_over(desk.press(campaign_id))
    assert (books.sent, books.recipients) == (3, 3)
    mails = {one.recipient: message_from_bytes(one.body, policy=policy.default) for one in server.received}
    assert mails["ana@example.org"]["Subject"] == "Hello Ana"
    assert "Dear Ben," in mails["ben@example.org"].get_body(("plain",)).get_content()
    campaign = desk.read(campaign_id)
    assert (campaign.status, campaign.outcome) == ("sent", "complete")
    assert campaign.sent_at is not None


def test_a_marketing_message_carries_what_the_law_and_the_inboxes_ask_for(desk: Desk) -> None:
    desk.write_in("Ana")
    with desk.mail_server(ScriptedServer()) as server:
        desk.until_over(desk.press(desk.campaign()))
    mail = message_from_bytes(server.received[0].body, policy=policy.default)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    assert link.startswith("http://127.0.0.1:8080/u/")
    for kind in ("plain", "html"):
        words = mail.get_body((kind,)).get_content()
        assert "1 High Street" in words
        assert link in words
    assert mail["List-Id"]
    assert mail["Date"]
    assert mail["Message-ID"].endswith("@marlow.example>")
    assert mail.get_content_type() == "multipart/alternative"


def test_an_operational_message_has_no_way_out_and_needs_no_consent(desk: Desk) -> None:
    (ana,) = desk.write_in("Ana")
    with unit() as session:
        consent.withdraw(session, ana, "email", message_types.EVERY_TYPE, how="link", now=now())
    with desk.mail_server(ScriptedServer()) as server:
        desk.until_over(desk.press(desk.campaign(message_type="operational")))
    mail = message_from_bytes(server.received[0].body, policy=policy.default)
    assert mail["List-Unsubscribe"] is None


def test_a_refused_recipient_fails_alone_and_the_address_is_remembered(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    server = ScriptedServer(
        lambda stage, address: (
            say("550 5.1.1 no such user") if (stage, address) == ("rcpt", "ben@example.org") else None
        )
    )
    with desk.mail_server(server):
        dispatch_id = desk.press(desk.campaign())
        books = desk.until_over(dispatch_id)
    line = desk.lines(dispatch_id)["ben@example.org"]
    assert (books.sent, books.failed) == (1, 1)
    assert (line.state, line.reason, line.code) == (State.FAILED, "no_such_address", 550)
    assert "no such user" in (line.reply or "")
    with pytest.raises(Refusal, match="No recipients"):
        desk.press(desk.campaign(audience={"type": "manual", "customerIds": [line.customer_id]}))


def test_a_server_that_says_later_is_asked_again_later(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    server = ScriptedServer(
        lambda stage, address: (
            say("451 4.2.1 try later") if (stage, address) == ("rcpt", "ben@example.org") else None
        )
    )
    with desk.mail_server(server):
        dispatch_id = desk.press(desk.campaign())
        desk.until(lambda: desk.lines(dispatch_id)["ben@example.org"].state is State.DEFERRED)
        desk.until(lambda: desk.lines(dispatch_id)["ana@example.org"].state is State.SENT)
    assert desk.books(dispatch_id).queued == 1
    assert desk.dispatch(dispatch_id).state == "sending"


def test_an_answer_that_never_came_is_not_sure_and_never_repeated(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    server = ScriptedServer(
        lambda stage, address: drop(accept=True) if (stage, address) == ("final", "ben@example.org") else None
    )
    with desk.mail_server(server):
        dispatch_id = desk.press(desk.campaign())
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.not_sure) == (1, 1)
    assert [one.recipient for one in server.received].count("ben@example.org") == 1


def test_a_connection_lost_before_the_body_is_tried_again(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    lost: list[str] = []

    def once(stage: str, address: str) -> object:
        if stage == "rcpt" and not lost:
            lost.append(address)
            return drop()
        return None

    with desk.mail_server(ScriptedServer(once)) as server:  # type: ignore[arg-type]
        books = desk.until_over(desk.press(desk.campaign()))
    assert books.sent == 2
    assert sorted(one.recipient for one in server.received) == ["ana@example.org", "ben@example.org"]


def test_a_wrong_password_brings_the_campaign_back_with_the_reason(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    campaign_id = desk.campaign()
    server = ScriptedServer(login=("shop", "right"))
    with desk.mail_server(server, username="shop", password="wrong"):
        dispatch_id = desk.press(campaign_id)
        books = desk.until_over(dispatch_id)
    campaign = desk.read(campaign_id)
    assert (books.cancelled, books.sent) == (2, 0)
    assert campaign.status == "draft"
    assert "did not accept the user name or password" in campaign.last_launch_error
    assert "0 of 2 reached" in campaign.last_launch_error
    assert not server.received


def test_a_server_that_is_down_ends_the_launch_after_a_few_tries(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.sending.routing.PAUSES", (0.01,))
    desk.write_in(*[f"Ana{i}" for i in range(30)])
    campaign_id = desk.campaign()
    server = ScriptedServer({"banner": say("421 4.3.2 closing").and_drop()})
    with desk.mail_server(server):
        books = desk.until_over(desk.press(campaign_id))
    assert books.cancelled == 30
    assert desk.read(campaign_id).status == "draft"
    assert "not taking mail just now" in desk.read(campaign_id).last_launch_error
    assert server.connections <= TROUBLES_IN_A_ROW + CONNECTIONS


def test_after_a_stop_the_next_launch_goes_to_the_remaining_only(desk: Desk) -> None:
    desk.write_in(*[f"Ana{i}" for i in range(40)])
    campaign_id = desk.campaign()
    with desk.mail_server(ScriptedServer(delay=0.1)) as server:
        first = desk.press(campaign_id)
        desk.until(lambda: desk.books(first).sent >= 3)
        sending.stop(first, desk.cast.olive)
        stopped = desk.until_over(first)
        assert stopped.cancelled > 0
        assert desk.read(campaign_id).status == "draft"
        assert desk.read(campaign_id).last_launch_error.startswith("Stopped by Olive.")
        second = desk.press(campaign_id, Press(to="remaining"))
        rest = desk.until_over(second)
    assert rest.recipients == 40 - stopped.sent
    assert len(server.received) == len({one.recipient for one in server.received}) == 40
    assert desk.read(campaign_id).status == "sent"


def test_undo_inside_the_window_leaves_nothing_sent(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    campaign_id = desk.campaign()
    with desk.mail_server(ScriptedServer()) as server:
        dispatch_id = desk.press(campaign_id, Press(undo=sending.undo_window()))
        sending.undo(dispatch_id, desk.cast.olive)
        books = desk.until_over(dispatch_id)
    assert books.cancelled == 2
    assert desk.read(campaign_id).status == "draft"
    assert desk.read(campaign_id).last_launch_error == ""
    assert not server.received


def test_an_opt_out_between_launch_and_sending_is_honoured(desk: Desk) -> None:
    ana, _ = desk.write_in("Ana", "Ben")
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)
    with unit() as session:
        consent.withdraw(session, ana, "email", "marketing", how="one_click", now=now())
    with desk.mail_server(ScriptedServer()) as server:
        books = desk.until_over(dispatch_id)
    assert (books.sent, books.skipped) == (1, 1)
    assert [one.recipient for one in server.received] == ["ben@example.org"]
    assert desk.lines(dispatch_id)["ana@example.org"].reason == "opted_out"


def test_what_goes_out_is_what_was_launched_whatever_is_edited_meanwhile(desk: Desk) -> None:
    from domain.sending.campaigns import Campaign

    desk.write_in("Ana")
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)
    with unit() as session:
        session.get_one(Campaign, campaign_id).subject = "Changed behind the scenes"
    with desk.mail_server(ScriptedServer()) as server:
        desk.until_over(dispatch_id)
    assert message_from_bytes(server.received[0].body, policy=policy.default)["Subject"] == "Hello Ana"


def test_nobody_to_write_to_is_said_in_the_agreed_words_and_leaves_a_draft(desk: Desk) -> None:
    campaign_id = desk.campaign()
    with pytest.raises(Refusal) as refused:
        desk.press(campaign_id)
    assert refused.value.sentence == "No recipients found for this campaign"
    assert refused.value.details["causes"]
    assert desk.read(campaign_id).status == "draft"
    assert desk.read(campaign_id).run_no == 0


def test_a_sent_campaign_can_be_neither_changed_nor_sent_again(desk: Desk) -> None:
    from domain.sending import campaigns

    desk.write_in("Ana")
    campaign_id = desk.campaign()
    with desk.mail_server(ScriptedServer()):
        desk.until_over(desk.press(campaign_id))
    with pytest.raises(Refusal, match=r"^Cannot edit a sent or sending campaign$"), unit() as session:
        campaigns.change(session, campaign_id, {"subject": "x"}, by=desk.cast.olive, now=now())
    with pytest.raises(Refusal, match="already sent"):
        desk.press(campaign_id)


def test_a_one_shot_pressed_twice_is_one_send_and_can_become_a_campaign(desk: Desk) -> None:
    from domain.audience.audience import Audience
    from domain.sending import campaigns

    desk.write_in("Ana")
    campaign_id = desk.campaign()
    with unit() as session:
        draft = campaigns.as_draft(session, campaigns.get(session, campaign_id))
    press = Press(nonce="one form")
    with desk.mail_server(ScriptedServer()) as server:
        first = sending.send_one_shot(draft, Audience(), press, desk.cast.olive)
        again = sending.send_one_shot(draft, Audience(), press, desk.cast.olive)
        desk.until_over(first.id)
    assert first.id == again.id
    assert len(server.received) == 1
    with unit() as session:
        kept = promote(session, first.id, "Kept", by=desk.cast.olive, now=now())
        assert kept.status == "sent"


def test_salespeople_may_not_send(desk: Desk) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign()
    for one in desk.cast.who_may_only_look():
        with pytest.raises(Refusal, match="may not send"):
            sending.send_now(campaign_id, Press(), one)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"subject": "Hello {{ firstName"}, "bad_template"),
        ({"text_body": "Dear {{ frstName }}"}, "unknown_merge_field"),
        ({"text_body": "   "}, "empty_body"),
        ({"subject": ""}, "no_subject"),
    ],
)
def test_a_message_that_can_not_be_right_is_not_launched(
    desk: Desk, fields: dict[str, str], code: str
) -> None:
    desk.write_in("Ana")
    campaign_id = desk.campaign(**fields)
    with pytest.raises(Refusal) as refused:
        desk.press(campaign_id)
    assert refused.value.code == code
    assert desk.read(campaign_id).status == "draft"


def test_a_stalled_server_does_not_hold_up_a_stop(desk: Desk) -> None:
    desk.write_in("Ana", "Ben")
    server = ScriptedServer(lambda stage, address: stall() if stage == "banner" else None)
    campaign_id = desk.campaign()
    with desk.mail_server(server):
        dispatch_id = desk.press(campaign_id)
        desk.until(lambda: desk.dispatch(dispatch_id).started_at is not None)
        sending.stop(dispatch_id, desk.cast.olive)
        assert desk.dispatch(dispatch_id).state == "stopped"


def test_what_was_pressed_in_practice_never_reaches_a_real_customer(desk: Desk) -> None:
    use_config(Config(data=desk.folder))
    desk.write_in("Ana", "Ben")
    campaign_id = desk.campaign()
    dispatch_id = desk.press(campaign_id)
    assert desk.dispatch(dispatch_id).practice
    with desk.mail_server(ScriptedServer()) as server:
        books = desk.until_over(dispatch_id)
    assert books.cancelled == 2
    assert not server.received
    assert "gone live since" in desk.read(campaign_id).last_launch_error
