"""The WhatsApp that exists only on this computer answers, refuses and reports as the platform's documentation says."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from data.whatsapp_twin import Act, Asked, Twin
from domain.ledger import whatsapp_errors

VERSION = "v24.0"
BEN = "491701234567"
PROGRAM = httpx.Client(
    verify=False
)  # nothing is protected on this computer; loading the trust takes longer than the test


class Home(BaseHTTPRequestHandler):
    """Where webhooks come in. `answers` are the next status codes; 200 once there are none."""

    came: ClassVar[list[tuple[bytes, str]]] = []
    answers: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.came.append((body, self.headers["X-Hub-Signature-256"]))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def home() -> Iterator[str]:
    Home.came, Home.answers = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Home)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin() as running:
        running.account.per_person = 0.0
        running.manners.sent = running.manners.delivered = running.manners.failed = 0.0
        yield running


def ask(twin: Twin, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {twin.account.access_token}"} | more.pop("headers", {})
    return PROGRAM.request(method, f"{twin.url}/{VERSION}/{path}", json=body, headers=headers, **more)


def post(twin: Twin, to: str = BEN, template: str = "open_on_sunday", *components: Any, **more: Any) -> Any:
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "template",
        "template": {"name": template, "language": {"code": "en"}, "components": list(components)},
        **more,
    }
    return ask(twin, "POST", f"{twin.account.phone_number_id}/messages", message).json()


def body(*words: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": one} for one in words]}


def told() -> list[dict[str, Any]]:
    """Every change that came in, each post's signature checked."""
    changes = []
    for raw, signature in Home.came:
        wanted = hmac.new(b"0123456789abcdef0123456789abcdef", raw, hashlib.sha256).hexdigest()
        assert signature == f"sha256={wanted}"
        changes += [one for entry in json.loads(raw)["entry"] for one in entry["changes"]]
    return changes


def statuses() -> list[tuple[str, str]]:
    every = [one for change in told() for one in change["value"].get("statuses", [])]
    return [(one["status"], one.get("biz_opaque_callback_data", "")) for one in every]


def test_a_message_is_taken_and_what_becomes_of_it_is_reported_signed(twin: Twin, home: str) -> None:
    twin.report_to(home)
    answer = post(
        twin, BEN, "ready_to_collect", body("Anna", "ring", "Saturday"), biz_opaque_callback_data="m1"
    )
    assert answer["contacts"] == [{"input": BEN, "wa_id": BEN}]
    assert answer["messages"][0]["id"].startswith("wamid.")
    assert twin.flush()
    assert statuses() == [("sent", "m1"), ("delivered", "m1")]
    assert (
        twin.sent[0].shown.body == "Good news, Anna: your ring is ready. We keep it for you until Saturday."
    )


@pytest.mark.parametrize(
    ("to", "template", "components", "code"),
    [
        (BEN, "no_such_template", [], 132001),
        (BEN, "win_a_diamond", [body("Anna")], 132001),
        (BEN, "last_chance", [body("Anna")], 132015),
        (BEN, "ready_to_collect", [body("Anna")], 132000),
        (BEN, "ready_to_collect", [body("Anna", "ring\nbox", "Saturday")], 132018),
        (BEN, "ready_to_collect", [body("Anna", "", "Saturday")], 131008),
        (BEN, "ready_to_collect", [body("Anna", "r" * 1_100, "Saturday")], 132005),
        (BEN, "spring_collection", [body("Anna")], 132012),
        (BEN, "birthday_treat", [body("Anna")], 131008),
        ("not a number", "open_on_sunday", [], 131009),
        ("15550783881", "open_on_sunday", [], 131021),
        ("15551131026", "open_on_sunday", [], 131026),
        ("15550131016", "open_on_sunday", [], 131016),
    ],
)
def test_what_does_not_fit_is_refused_with_the_platforms_code(
    twin: Twin, to: str, template: str, components: list[Any], code: int
) -> None:
    error = post(twin, to, template, *components)["error"]
    assert (error["code"], error["type"]) == (code, "OAuthException")
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert error["fbtrace_id"]
    assert twin.sent == []


def test_names_and_pictures_and_buttons_are_filled_in(twin: Twin) -> None:
    picture = {"type": "image", "image": {"link": "https://shop.example/ring.jpg"}}
    named = {"type": "text", "parameter_name": "first_name", "text": "Anna"}
    link = {
        "type": "button",
        "sub_type": "url",
        "index": "0",
        "parameters": [{"type": "text", "text": "c/abc"}],
    }
    answer = post(
        twin, BEN, "spring_collection",
        {"type": "header", "parameters": [picture]}, {"type": "body", "parameters": [named]}, link,
    )  # fmt: skip
    assert "error" not in answer
    shown = twin.sent[0].shown
    assert (shown.media, shown.link) == ("image", "https://shop.example/ring.jpg")
    assert shown.body.startswith("Hello Anna,")
    assert shown.buttons[0] == ("URL", "See the collection", "https://shop.example/c/abc")
    wrong = {"type": "body", "parameters": [named | {"parameter_name": "surname"}]}
    refused = post(twin, BEN, "spring_collection", {"type": "header", "parameters": [picture]}, wrong, link)
    assert refused["error"]["code"] == 132012


def test_what_is_told_later_is_a_failed_status(twin: Twin, home: str) -> None:
    twin.report_to(home)
    assert "messages" in post(twin, "15550131049")
    assert twin.flush()
    [failed] = [one for change in told() for one in change["value"]["statuses"]]
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131049)
    assert "contacts" not in told()[0]["value"]


def test_free_words_need_that_they_wrote_within_a_day(twin: Twin, home: str) -> None:
    twin.report_to(home)
    said = {"messaging_product": "whatsapp", "to": BEN, "type": "text", "text": {"body": "Your ring is here"}}
    path = f"{twin.account.phone_number_id}/messages"
    ask(twin, "POST", path, said)
    twin.say(BEN, "Is it ready?")
    ask(twin, "POST", path, said)
    assert twin.flush()
    assert [one for one, _ in statuses()] == ["failed", "sent", "delivered"]


def test_a_wrong_or_old_token_is_refused(twin: Twin) -> None:
    wrong = ask(twin, "GET", twin.account.phone_number_id, headers={"Authorization": "Bearer other"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, 190)
    twin.account.is_expired = True
    old = ask(twin, "GET", twin.account.phone_number_id).json()["error"]
    assert (old["code"], old["error_subcode"]) == (190, 463)


def test_the_pace_of_a_number_and_of_a_person_are_kept(twin: Twin) -> None:
    moment = 1_800_000_000.0
    twin.desk.clock = lambda: moment
    twin.account.per_second, twin.account.per_person = 3, 6.0
    codes = [post(twin, f"4917012345{place:02}").get("error", {}).get("code") for place in range(4)]
    assert codes == [None, None, None, 130429]
    moment += 1.0
    assert post(twin, "491701234500")["error"]["code"] == 131056
    moment += 5.0
    assert "messages" in post(twin, "491701234500")


def test_more_people_than_a_day_allows_are_not_reached(twin: Twin) -> None:
    moment = 1_800_000_000.0
    twin.desk.clock = lambda: moment
    twin.account.tier = "TIER_250"
    for place in range(250):
        twin.desk._reached[f"4917099{place:05}"] = moment
    post(twin, BEN)
    post(twin, "491709900007")
    assert [one.fails for one in twin.sent] == [131048, 0]
    moment += 86_400
    post(twin, "491701234568")
    assert twin.sent[-1].fails == 0


def test_templates_are_given_page_by_page(twin: Twin) -> None:
    path = f"{twin.account.business_account_id}/message_templates"
    names, after = [], ""
    while True:
        page = ask(
            twin, "GET", path, params={"limit": 3, "fields": "name,status,quality_score", "after": after}
        ).json()
        names += [one["name"] for one in page["data"]]
        if "next" not in page["paging"]:
            break
        after = page["paging"]["cursors"]["after"]
    assert len(names) == len(twin.desk.templates)
    assert set(page["data"][0]) == {"name", "status", "quality_score", "id"}


def test_who_is_asked_for_facts_gives_them(twin: Twin) -> None:
    account = twin.account
    fields = {"fields": "display_phone_number,verified_name,quality_rating,messaging_limit_tier"}
    number = ask(twin, "GET", account.phone_number_id, params=fields).json()
    assert (number["quality_rating"], number["messaging_limit_tier"]) == ("GREEN", "TIER_2K")
    [listed] = ask(twin, "GET", f"{account.business_account_id}/phone_numbers").json()["data"]
    assert listed["id"] == account.phone_number_id
    token = ask(twin, "GET", "debug_token", params={"input_token": account.access_token}).json()["data"]
    assert token["is_valid"]
    apps = f"{account.business_account_id}/subscribed_apps"
    assert ask(twin, "GET", apps).json() == {"data": []}
    ask(twin, "POST", apps)
    assert len(ask(twin, "GET", apps).json()["data"]) == 1
    assert ask(twin, "GET", "12345").json()["error"]["error_subcode"] == 33
    proof = ask(twin, "GET", "app", params={"appsecret_proof": "0" * 64})
    assert proof.json()["error"]["code"] == 100


def test_a_webhook_is_carried_again_until_it_is_taken_and_not_for_ever(twin: Twin, home: str) -> None:
    twin.report_to(home)
    twin.post.again = (0.01, 0.01)
    Home.answers = [500, 503]
    twin.say(BEN, "Hello")
    assert twin.flush()
    assert len(Home.came) == 3
    Home.answers = [500] * 3
    twin.say(BEN, "Hello again")
    assert twin.flush()
    assert [one["field"] for one in twin.post.lost] == ["messages"]


def test_a_connection_may_be_lost_before_or_after_the_message_was_taken(twin: Twin) -> None:
    def lost(asked: Asked) -> Act:
        return Act(hangs_up=True, takes=len(twin.calls) > 1)

    twin.act = lost
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            post(twin)
    assert len(twin.sent) == 1


def test_what_people_and_the_platform_do_is_told(twin: Twin, home: str) -> None:
    twin.report_to(home)
    twin.prefer(BEN, "stop")
    twin.set_template("birthday_treat", "en", "PAUSED")
    twin.set_quality("ready_to_collect", "en", "RED")
    twin.set_tier("TIER_10K")
    twin.manners.hides_numbers = True
    twin.say(BEN, "STOP")
    assert twin.flush()
    fields = [one["field"] for one in told()]
    assert sorted(fields) == [
        "message_template_quality_update",
        "message_template_status_update",
        "messages",
        "phone_number_quality_update",
        "user_preferences",
    ]
    [hidden] = [one["value"] for one in told() if one["field"] == "messages"]
    assert "from" not in hidden["messages"][0]
    assert hidden["messages"][0]["from_user_id"] == hidden["contacts"][0]["user_id"]
    assert post(twin, BEN, "birthday_treat", body("Anna"))["error"]["code"] == 132015


def test_every_error_that_the_shop_has_words_for_can_be_asked_for(twin: Twin, home: str) -> None:
    twin.report_to(home)
    twin.account.per_person, twin.account.per_second = 0.0, 1_000
    wanted = [one.code for one in whatsapp_errors.every()]
    for code in wanted:
        assert post(twin, f"15551{code:06}")["error"]["code"] == code
        if code:  # 0 is never told later
            assert "messages" in post(twin, f"15552{code:06}")
    assert twin.flush()
    failed = [one for change in told() for one in change["value"]["statuses"]]
    assert [one["errors"][0]["code"] for one in failed] == [one for one in wanted if one]


def test_a_moving_second_never_holds_more_than_the_account_may(twin: Twin) -> None:
    moment = 1_800_000_000.0
    twin.desk.clock = lambda: moment
    twin.account.per_second, twin.account.per_person = 20, 0.0
    taken: list[float] = []
    for step in range(400):  # a hundred a second are asked for
        moment = 1_800_000_000.0 + step / 100
        if "messages" in post(twin, f"4917012{step:05}"):
            taken.append(moment)
    assert len(taken) == 80
    assert max(sum(at - 1 < one <= at for one in taken) for at in taken) == 20
