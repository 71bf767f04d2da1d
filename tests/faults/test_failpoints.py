"""Every step in the life of a send is cut short once, at every run of these tests: nobody twice, nobody lost."""

from typing import Final, get_args

import pytest

from data.database import reading
from data.failpoint import EXIT_CODE, Place
from domain.ledger import deliveries
from domain.ledger.deliveries import State
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Status
from tests import nursery
from tests.faults.conftest import Shop
from tests.faults.patience import finish, until
from tests.faults.truth import IN_FLIGHT, Truth, nobody_twice_nobody_lost

RECIPIENTS: Final = 130  # more than a worker claims at once
DIES_WITHIN: Final = 60.0  # seconds

IN_THE_LAUNCH: Final = ("claim", "expand", "rows_inserted")  # the press is rolled back as a whole
ELSEWHERE: Final = (
    "launched",
    "fallback",
    "optout_stored",
    "also",
    "asked",
    "asked_rows",
)  # the last three: test_two_channels
BEFORE_ANY_HAND_OVER: Final = ("row_claimed", "mail", "rcpt")
WHILE_SENDING: Final = tuple(place for place in get_args(Place) if place not in (*IN_THE_LAUNCH, *ELSEWHERE))
AGAIN: Final = {"row_claimed": 2, "mail": 40, "rcpt": 40, "sent_committed": 3} | dict.fromkeys(
    ("handoff_committed", "half_body", "dot_sent", "250_read"), 40
)  # the nth time too: then answers are on their way and others' rows are settled
# Only where one command follows the other nobody has been handed over by then; otherwise the hand-over may come sooner.
LOCKSTEP: Final = [pytest.mark.offers("--no-pipelining")]
MARKS: Final = {("mail", 1): LOCKSTEP, ("rcpt", 1): LOCKSTEP}
ALL_WHILE_SENDING: Final = [
    pytest.param(place, nth, marks=MARKS.get((place, nth), []))
    for place in WHILE_SENDING
    for nth in (1, AGAIN.get(place))
    if nth
]


@pytest.mark.parametrize("place", IN_THE_LAUNCH)
def test_a_press_cut_short_leaves_a_draft_that_can_be_sent(shop_on_disk: Shop, place: str) -> None:
    shop_on_disk.write_in(RECIPIENTS)
    campaign_id = shop_on_disk.campaign()
    dies_at(shop_on_disk, place, "tests.faults.press", "send", str(campaign_id))
    with reading() as session:
        assert campaigns.get(session, campaign_id).status is Status.DRAFT
        assert dispatches.of_campaign(session, campaign_id) == []
    dispatch_id = shop_on_disk.launch(campaign_id)
    finish(shop_on_disk, dispatch_id)
    everybody_is_sure(shop_on_disk, dispatch_id)


def test_a_launch_of_which_nobody_was_told_is_taken_up_by_itself(shop_on_disk: Shop) -> None:
    shop_on_disk.write_in(RECIPIENTS)
    campaign_id = shop_on_disk.campaign()
    dies_at(shop_on_disk, "launched", "tests.faults.press", "send", str(campaign_id))
    with reading() as session:
        (dispatch,) = dispatches.of_campaign(session, campaign_id)
    assert shop_on_disk.books(dispatch.id).queued == RECIPIENTS
    finish(shop_on_disk, dispatch.id)
    everybody_is_sure(shop_on_disk, dispatch.id)


@pytest.mark.parametrize(("place", "nth"), ALL_WHILE_SENDING)
def test_a_worker_that_dies_there_repeats_nobody_and_loses_nobody(
    shop_on_disk: Shop, place: str, nth: int
) -> None:
    shop_on_disk.write_in(RECIPIENTS)
    dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
    dies_at(shop_on_disk, f"{place}:{nth}")
    if place == "dot_sent":  # it left; the sink reads it when it comes to it
        handed_over = shop_on_disk.addresses(dispatch_id, State.HANDOFF)
        until(lambda: handed_over & set(shop_on_disk.sink.received()))
    got = shop_on_disk.sink.received()
    states = {state: shop_on_disk.addresses(dispatch_id, state) for state in State}
    assert sum(map(len, states.values())) == RECIPIENTS
    assert not set(got) & states[State.QUEUED], "somebody got it before it was written that he may"
    assert not set(got) & states[State.CLAIMED], "somebody got it before it was written that he may"
    if nth == 1:
        as_it_must_stand(place, states, set(got))
    finish(shop_on_disk, dispatch_id)
    seen = nobody_twice_nobody_lost(shop_on_disk, dispatch_id, RECIPIENTS, at_most_unsure=IN_FLIGHT)
    assert seen.unsure == states[State.HANDOFF], "whoever was handed over, and nobody else, is not sure"


@pytest.mark.parametrize("nth", [1, 2])
def test_an_account_given_up_by_a_worker_that_dies_there_ends_as_a_draft_with_a_reason(
    shop_on_disk: Shop, nth: int
) -> None:
    """The second time: somebody presses Send again, and the same befalls the next worker."""
    shop_on_disk.write_in(RECIPIENTS)
    campaign_id = shop_on_disk.campaign()
    no_account = {
        "HANDBILL_SMTP_URL": shop_on_disk.settings()["HANDBILL_SMTP_URL"].replace("//", "//olive:wrong@")
    }
    for _ in range(nth):
        first = shop_on_disk.launch(campaign_id)
        dies_at(shop_on_disk, "fallback", settings=no_account)
        assert shop_on_disk.dispatch(first).state == "sending"
        finish(shop_on_disk, first, no_account)
        with reading() as session:
            campaign = campaigns.get(session, campaign_id)
            assert (campaign.status, campaign.last_launch_error != "") == (Status.DRAFT, True)
    assert shop_on_disk.sink.received().total() == 0
    last = shop_on_disk.launch(campaign_id)
    finish(shop_on_disk, last)
    everybody_is_sure(shop_on_disk, last)


def test_an_opt_out_cut_short_is_repeated_and_then_counts_for_what_is_queued(shop_on_disk: Shop) -> None:
    """The mail program heard nothing, so it asks again; whoever was told "you are off the list" gets nothing."""
    shop_on_disk.write_in(RECIPIENTS)
    dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
    with reading() as session:
        (line, *_) = deliveries.lines(session, dispatch_id, limit=1)
    refuse = ("tests.faults.press", "refuse", str(line.id))
    dies_at(shop_on_disk, "optout_stored", *refuse)
    name, *words = refuse
    again = nursery.born(name, words, shop_on_disk.environment())
    again.join(DIES_WITHIN)
    assert again.exitcode == 0
    finish(shop_on_disk, dispatch_id)
    books, got = shop_on_disk.books(dispatch_id), shop_on_disk.sink.received()
    assert (books.sent, books.skipped, got.total()) == (RECIPIENTS - 1, 1, RECIPIENTS - 1)
    assert line.address not in got


def as_it_must_stand(place: str, states: dict[State, set[str]], got: set[str]) -> None:
    """At the first message of all: what is known at each place."""
    in_flight, sent = states[State.HANDOFF], states[State.SENT]
    if place in BEFORE_ANY_HAND_OVER:
        assert not in_flight | sent | got
    elif place in ("handoff_committed", "half_body"):
        assert in_flight
        assert not sent | got
    elif place in ("dot_sent", "250_read"):
        assert in_flight & got
        assert not sent
    elif place == "sent_committed":
        assert sent
    elif place == "finish":
        assert (len(sent), in_flight) == (RECIPIENTS, set())


def dies_at(shop: Shop, place: str, *program: str, settings: dict[str, str] | None = None) -> None:
    """A place that is not taken fails the test: the process then ends with another code, or not at all."""
    name, *words = program or ("main", "worker")
    environment = {**shop.environment(), **(settings or {}), "HANDBILL_FAILPOINT": place}
    process = nursery.born(name, words, environment)
    try:
        process.join(DIES_WITHIN)
        assert process.exitcode == EXIT_CODE, f"{place} was not reached"
    finally:
        process.kill()
        process.join(10)


def everybody_is_sure(shop: Shop, dispatch_id: int) -> Truth:
    return nobody_twice_nobody_lost(shop, dispatch_id, RECIPIENTS, at_most_unsure=0)
