"""What is deleted goes for good: not a word of it is left in any file, and every figure stays."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data import migrate
from data.config import Config, use_config
from data.database import close_database, open_database, reading, unit
from data.secrets import use_keys
from domain.audience import segments
from domain.audience.audience import Audience
from domain.book import consent, customers, records, statuses
from domain.channels import email
from domain.ledger import deliveries
from domain.ledger.deliveries import Delivery
from domain.message import practice, templates
from domain.refusal import Refusal
from domain.sending import (
    campaigns,
    dispatches,
    launches,
    one_shots,
    preview,
    promotion,
    purging,
    reports,
    resending,
    trail,
)
from domain.sending.launches import Press
from domain.sending.resending import Which
from domain.sending.trail import Asked
from domain.shop import shop as shops
from tests.cast import Cast, hire
from ui import audit_words

SECRET = "Zirconflux"  # stands in everything that was written, and nowhere else
TEN = 10
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True)
class Shop:
    """A campaign to ten people that went out and was deleted, with a template and a segment beside it."""

    folder: Path
    cast: Cast
    campaign: int
    dispatch: int
    template: int
    segment: int
    one_shot: int


@pytest.fixture(scope="module")
def migrated_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as a shop has it, with what the migrations lay down; made once and copied for each test."""
    path = tmp_path_factory.mktemp("migrated") / "handbill.db"
    migrate.migrate(open_database(path))
    with unit() as session:
        statuses.ensure_usual(session)
        records.ensure_usual_kinds(session)
    close_database()
    return path


@pytest.fixture
def kept(tmp_path: Path, migrated_shop: Path, now: datetime) -> Iterator[Shop]:
    use_config(Config(data=tmp_path))
    use_keys(b"test" * 8)
    shutil.copyfile(migrated_shop, tmp_path / "handbill.db")
    open_database(tmp_path / "handbill.db")
    with unit() as session:
        cast = hire(session, now)
    yield filled(tmp_path, cast, now)
    close_database()


def filled(folder: Path, cast: Cast, now: datetime) -> Shop:
    letter = {"subject": f"{SECRET} opals", "html_body": f"<p>{SECRET} for you, and more of it</p>" * 500}
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "olive@shop.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        for number in range(TEN):
            person = {"first_name": f"P{number}", "email": f"p{number}@inbox.example"}
            customers.create(session, person, by=cast.olive, now=now)
        template = templates.create(session, {"name": SECRET, **letter}, by=cast.max_, now=now).id
        segment = segments.create(
            session, name=SECRET, rule={"all": []}, note=SECRET, by=cast.max_, now=now
        ).id
        content = {"name": f"{SECRET} news", "audience": {"type": "all"}, "from_name": SECRET, **letter}
        campaign = campaigns.create(session, content, by=cast.max_, now=now).id
        dispatch = launches.launch(session, campaign, Press(), by=cast.max_, now=now).id
        everybody = Audience.parse({"type": "all"})
        one_shot = launches.launch_one_shot(
            session,
            preview.drafted(session, letter),
            everybody,
            Press(),
            channel_name="email",
            by=cast.max_,
            now=now,
        ).id
        _went_out(session, dispatch, now)
        consent.set_by_staff(session, 1, opted_out=True, reason="asked", by=cast.olive, now=now)
        campaigns.delete(session, campaign, by=cast.olive, now=now)
        templates.delete(session, template, by=cast.olive, now=now)
        segments.delete(session, segment, used_by=[], by=cast.olive, now=now)
        one_shots.delete(session, one_shot, by=cast.max_, now=now)
    return Shop(folder, cast, campaign, dispatch, template, segment, one_shot)


def test_every_figure_is_as_it_was(kept: Shop, now: datetime) -> None:
    before = figures(kept, now)
    assert before["books"].recipients == TEN
    purge(kept, now)
    assert figures(kept, now) == before


def test_not_a_word_is_left_in_any_file(kept: Shop, now: datetime) -> None:
    assert found_in(kept.folder) != []
    purge(kept, now)
    assert found_in(kept.folder) == []


def test_the_report_says_that_the_content_is_gone_and_nobody_gets_an_empty_letter(
    kept: Shop, now: datetime
) -> None:
    purge(kept, now)
    with unit() as session:
        dispatch = dispatches.get(session, kept.dispatch)
        assert (dispatch.name, dispatch.purged_at) == ("Removed for good", now)
        with pytest.raises(Refusal, match="removed for good"):
            reports.letter(session, dispatch)
        with pytest.raises(Refusal, match="removed for good"):
            resending.retry(session, kept.dispatch, Which.FAILED, by=kept.cast.olive, now=now)


def test_the_log_keeps_who_did_what_and_not_what_it_said(kept: Shop, now: datetime) -> None:
    asked = Asked(kind="campaign", number=kept.campaign)
    before = told(kept, asked)
    purge(kept, now)
    after = told(kept, asked)
    assert [one.entry.action for one in after] == [one.entry.action for one in before]
    assert {(one.entry.before, one.entry.after) for one in after} == {(None, None)}
    newest = told(kept, Asked())[0]
    assert audit_words.sentence(newest) == (
        "Olive removed for good what was deleted: 1 campaign, 1 one-shot, 1 template, 1 segment"
    )


def test_what_was_deleted_is_kept_for_ninety_days_and_then_goes_by_itself(kept: Shop, now: datetime) -> None:
    with unit() as session:
        assert purging.purge_old(session, now=now + KEPT_FOR - timedelta(seconds=1)).total == 0
        assert [one.goes_at for one in purging.waiting(session, by=kept.cast.olive)] == [now + KEPT_FOR] * 4
        assert purging.purge_old(session, now=now + KEPT_FOR).total == 4
        assert purging.waiting(session, by=kept.cast.olive) == []
    with unit() as session:
        assert purging.purge_old(session, now=now + KEPT_FOR).total == 0


def test_the_owner_says_how_long_it_is_kept_and_may_say_for_ever(kept: Shop, now: datetime) -> None:
    olive, years = kept.cast.olive, now + timedelta(days=4000)
    with unit() as session:
        shops.change(session, {"purge_after": 0}, by=olive, now=now)
        assert purging.purge_old(session, now=years).total == 0
        assert {one.goes_at for one in purging.waiting(session, by=olive)} == {None}
        shops.change(session, {"purge_after": "7"}, by=olive, now=now)
        assert purging.purge_old(session, now=now + timedelta(days=7)).total == 4
        for odd in (-1, "soon", 99_999, True):
            with pytest.raises(Refusal, match="whole number of days"):
                shops.change(session, {"purge_after": odd}, by=olive, now=now)


def test_a_deleted_one_shot_says_nothing_more_and_can_be_put_back(kept: Shop, now: datetime) -> None:
    olive, sal = kept.cast.olive, kept.cast.sal
    with unit() as session:
        with pytest.raises(Refusal, match="was deleted"):
            resending.retry(session, kept.one_shot, Which.FAILED, by=olive, now=now)
        with pytest.raises(Refusal, match="was deleted"):
            promotion.promote(session, kept.one_shot, "Kept", by=olive, now=now)
        assert len(reports.send_rows(session, page=1, size=50)[0]) == 2
        purging.put_back(session, "one_shot", kept.one_shot, by=olive, now=now)
        with pytest.raises(Refusal, match="belongs to a campaign"):
            one_shots.delete(session, kept.dispatch, by=olive, now=now)
        with pytest.raises(Refusal, match="Ask the owner"):
            one_shots.delete(session, kept.one_shot, by=sal, now=now)
        assert (
            promotion.promote(session, kept.one_shot, "Kept", by=olive, now=now).subject == f"{SECRET} opals"
        )


def test_a_one_shot_under_way_is_not_deleted(kept: Shop, now: datetime) -> None:
    with unit() as session:
        purging.put_back(session, "one_shot", kept.one_shot, by=kept.cast.olive, now=now)
        session.execute(text("UPDATE dispatches SET state = 'paused', finished_at = NULL"))
        with pytest.raises(Refusal, match="Stop it first"):
            one_shots.delete(session, kept.one_shot, by=kept.cast.olive, now=now)


def test_what_was_deleted_can_be_put_back_unless_its_name_is_taken(kept: Shop, now: datetime) -> None:
    olive = kept.cast.olive
    with unit() as session:
        purging.put_back(session, "campaign", kept.campaign, by=olive, now=now)
        assert campaigns.get(session, kept.campaign).subject == f"{SECRET} opals"
        templates.create(session, {"name": SECRET.upper(), "subject": "x"}, by=olive, now=now)
        with pytest.raises(Refusal, match="another template called"):
            purging.put_back(session, "template", kept.template, by=olive, now=now)
        with pytest.raises(Refusal):
            purging.put_back(session, "customer", 1, by=olive, now=now)
    purge(kept, now)
    with unit() as session, pytest.raises(Refusal):
        purging.put_back(session, "segment", kept.segment, by=olive, now=now)


def test_a_send_that_is_under_way_again_is_waited_for(kept: Shop, now: datetime) -> None:
    with unit() as session:
        session.execute(text("UPDATE dispatches SET state = 'sending'"))
        assert purging.purge_all(session, by=kept.cast.olive, now=now).campaigns == 0


def test_a_draft_that_was_never_launched_is_removed_at_once_by_whoever_wrote_it(
    kept: Shop, now: datetime
) -> None:
    max_, olive = kept.cast.max_, kept.cast.olive
    with unit() as session:
        draft = campaigns.create(session, {"name": "Idea", "subject": "Oyster"}, by=max_, now=now).id
    with pytest.raises(Refusal, match="Only whoever wrote"), unit() as session:
        purging.purge_draft(session, draft, by=olive, now=now)
    with pytest.raises(Refusal, match="was launched"), unit() as session:
        purging.purge_draft(session, kept.campaign, by=max_, now=now)
    with unit() as session:
        purging.purge_draft(session, draft, by=max_, now=now)
    assert found_in(kept.folder, b"Oyster") == []
    with reading() as session, pytest.raises(Refusal):
        campaigns.get(session, draft)


def test_only_the_owner_empties_the_bin(kept: Shop, now: datetime) -> None:
    for by in (kept.cast.max_, kept.cast.sal):
        with pytest.raises(Refusal, match="Ask the owner"), unit() as session:
            purging.purge_all(session, by=by, now=now)


def test_words_of_the_log_go_only_with_what_they_are_about(kept: Shop) -> None:
    for statement in (
        "UPDATE audit_entries SET before = NULL, after = NULL WHERE action LIKE 'campaign.%'",
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE id = 1",
    ):
        with pytest.raises(IntegrityError, match="only ever added"), unit() as session:
            session.execute(text(statement))


def test_a_shop_of_the_version_before_keeps_what_it_has_both_ways(kept: Shop) -> None:
    with reading() as session:
        before = session.execute(text("SELECT id, name, subject, html_body FROM campaigns")).all()
    for version, back in (("0007", True), ("head", False)):
        engine = open_database(kept.folder / "handbill.db")
        migrate.to_version(engine, version, back=back)
    with reading() as session:
        assert session.execute(text("SELECT id, name, subject, html_body FROM campaigns")).all() == before
    with pytest.raises(IntegrityError, match="only ever added"), unit() as session:
        session.execute(text("DELETE FROM audit_entries"))


def purge(shop: Shop, now: datetime) -> None:
    with unit() as session:
        purging.purge_all(session, by=shop.cast.olive, now=now)


def figures(shop: Shop, now: datetime) -> dict[str, object]:
    """What reports, lists and the ledger of consent say."""
    with reading() as session:
        report, alone = (reports.report(session, one, now=now) for one in (shop.dispatch, shop.one_shot))
        outcomes = session.execute(select(Delivery.id, Delivery.state, Delivery.reason, Delivery.heard)).all()
        said = session.execute(text("SELECT customer_id, channel, message_type, allowed FROM consents")).all()
        return {
            "books": report.books,
            "books of the one-shot": alone.books,
            "times": (report.dispatch.created_at, report.dispatch.starts_at, report.dispatch.recipients),
            "sends": reports.send_rows(session, page=1, size=50)[1],
            "month": reports.sent_between(session, now - timedelta(days=1), now + timedelta(days=1)),
            "outcomes": outcomes,
            "events": session.execute(text("SELECT delivery_id, kind, who FROM events")).all(),
            "consents": said,
            "reached": deliveries.reached_in_campaign(session, shop.campaign),
        }


def told(shop: Shop, asked: Asked) -> list[trail.Line]:
    with reading() as session:
        return trail.listed(session, asked, by=shop.cast.olive, before=None, limit=100)


def found_in(folder: Path, word: bytes = SECRET.encode()) -> list[str]:
    """The files that hold the word, the log beside the database among them."""
    return [file.name for file in folder.rglob("*") if file.is_file() and word in file.read_bytes()]


def _went_out(session: Session, dispatch: int, now: datetime) -> None:
    """Some arrived, some did not, one was opened; in practice, so that the letters lie in the practice inbox."""
    ended = (
        "UPDATE dispatches SET state = 'stopped', outcome = 'partial', practice = 1, finished_at = created_at"
    )
    session.execute(text(ended))
    session.execute(text("UPDATE campaigns SET status = 'sent'"))
    session.execute(text("UPDATE deliveries SET state = 'sent', settled_at = next_at"))
    refused = (
        "UPDATE deliveries SET state = 'failed', reason = 'bad_address', reply = :reply WHERE id % 4 = 0"
    )
    session.execute(text(refused), {"reply": f"550 {SECRET}"})
    first = session.scalar(select(Delivery.id)) or 0
    session.execute(
        text(
            "INSERT INTO events (delivery_id, kind, at, who, rule, agent, device) VALUES (:id, 'opened', :at, 'human', '', '', '')"
        ),
        {"id": first, "at": now.replace(tzinfo=None)},
    )
    mail = EmailMessage()
    mail["Message-ID"] = email.message_id("olive@shop.example", dispatch, first, 1)
    mail["Subject"] = f"{SECRET} opals"
    mail.set_content(f"{SECRET} for you")
    practice.keep(session, sender="a@b.example", recipient="p0@inbox.example", raw=mail.as_bytes(), now=now)
