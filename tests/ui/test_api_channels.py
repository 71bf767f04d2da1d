"""Connecting WhatsApp by program: keys go in and never come out, each is tried, and a campaign says what it says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.config import Config, use_config
from data.database import now, unit
from data.whatsapp_twin import Twin
from data.whatsapp_twin.account import MANAGES, SENDS, Account
from domain.book import consent
from domain.shop import shop
from tests.ui.conftest import Api

MINE = Account()
SUNDAY = {"template": {"name": "open_on_sunday", "language": "en"}}


@pytest.fixture
def twin(shop_db: Path) -> Iterator[Twin]:
    with Twin() as running:
        use_config(Config(data=shop_db.parent, whatsapp_api_url=running.url))
        yield running


def keys(twin: Twin, **changed: Any) -> dict[str, Any]:
    mine = twin.account
    return {
        "phoneNumberId": mine.phone_number_id,
        "businessAccountId": mine.business_account_id,
        "accessToken": mine.access_token,
        "appSecret": mine.app_secret,
        "verifyToken": mine.verify_token,
    } | changed


def found(told: Any) -> dict[str, Any]:
    return {one["name"]: one["ok"] for one in told.json()["check"]}


def test_each_key_is_tried_and_says_what_it_found(api: Api, twin: Twin) -> None:
    told = api.put("settings/channels/whatsapp", keys(twin))
    assert told.status_code == 200, told.text
    assert found(told) == {
        "phone_number_id": True, "business_account_id": True, "access_token": True, "app_secret": True,
        "verify_token": None, "sending": True, "webhook": False,
    }  # fmt: skip
    sentences = " ".join(one["sentence"] for one in told.json()["check"])
    assert "+1 555-078-3881" in sentences
    assert "Practice shop" in sentences
    body = told.json()
    assert "/webhooks/whatsapp/" in body["webhookUrl"]
    assert (body["number"]["dailyReach"], body["number"]["perSecond"], body["templates"]) == (2000, 80, 8)
    assert twin.account.subscribed == [twin.account.app_id]


@pytest.mark.parametrize(
    ("changed", "bad", "said"),
    [
        ({"accessToken": "wrong"}, "access_token", "WhatsApp does not know this token. Copy it once more"),
        ({"phoneNumberId": "123456"}, "phone_number_id", "knows no number with this ID"),
        ({"phoneNumberId": "+1 555-078-3881"}, "phone_number_id", "looks like the telephone number itself"),
        (
            {"phoneNumberId": MINE.business_account_id},
            "phone_number_id",
            "This is the ID of the business account",
        ),
        (
            {"phoneNumberId": MINE.other_number_id},
            "business_account_id",
            "holds +1 555-078-3881, and not the number above",
        ),
        ({"businessAccountId": "123456"}, "business_account_id", "knows no business account"),
        ({"appSecret": "wrong"}, "app_secret", "not the secret of the app"),
    ],
)
def test_a_key_that_does_not_fit_is_named(
    api: Api, twin: Twin, changed: dict[str, str], bad: str, said: str
) -> None:
    told = api.put("settings/channels/whatsapp", keys(twin, **changed))
    assert told.status_code == 200
    assert found(told)[bad] is False
    assert said in sentence_of(told, bad)


@pytest.mark.parametrize(
    ("there", "bad", "said"),
    [
        ({"is_expired": True}, "access_token", "This token has ended."),
        ({"scopes": (SENDS,)}, "access_token", "may not look at the number"),
        ({"scopes": (MANAGES,)}, "access_token", f"lacks the right {SENDS}"),
        ({"status": "PENDING"}, "sending", "not registered yet"),
        ({"status": "BANNED"}, "sending", "has blocked this number"),
        ({"blocked_by": 141006}, "sending", "no way to be paid"),
        ({"blocked_by": 141010}, "sending", "WhatsApp says: “This is what error 141010 looks like."),
    ],
)
def test_what_is_wrong_at_the_platform_is_told_with_what_to_do(
    api: Api, twin: Twin, there: dict[str, Any], bad: str, said: str
) -> None:
    for name, value in there.items():
        setattr(twin.account, name, value)
    told = api.put("settings/channels/whatsapp", keys(twin))
    assert found(told)[bad] is False
    assert said in sentence_of(told, bad)


def test_a_token_that_will_end_says_when(api: Api, twin: Twin) -> None:
    twin.account.expires_at = 1_795_816_800  # 27 November 2026
    told = api.put("settings/channels/whatsapp", keys(twin))
    assert found(told)["access_token"] is True
    assert "only until 27.11.2026" in sentence_of(told, "access_token")


def test_where_the_platform_reports_to_is_looked_at(api: Api, twin: Twin) -> None:
    told = api.put("settings/channels/whatsapp", keys(twin))
    assert "Nowhere yet." in sentence_of(told, "webhook")
    twin.account.reports_to = "https://old.example/webhooks/whatsapp/x"
    told = api.post("settings/channels/whatsapp/check")
    assert "another address, at old.example" in sentence_of(told, "webhook")
    twin.account.reports_to = told.json()["webhookUrl"]
    told = api.post("settings/channels/whatsapp/check")
    assert (found(told)["webhook"], found(told)["verify_token"]) == (True, True)


def test_what_fits_is_known_at_once_beside_a_key_that_does_not(api: Api, twin: Twin) -> None:
    told = api.put("settings/channels/whatsapp", keys(twin, appSecret="wrong"))
    assert (told.json()["number"]["shown"], told.json()["templates"]) == ("+1 555-078-3881", 8)
    told = api.put("settings/channels/whatsapp", {"phoneNumberId": MINE.other_number_id})
    assert (told.json()["number"]["shown"], told.json()["templates"]) == ("+1 555-078-3882", 0)


def test_a_platform_that_can_not_be_reached_is_told(api: Api, twin: Twin, shop_db: Path) -> None:
    use_config(Config(data=shop_db.parent, whatsapp_api_url="http://127.0.0.1:9"))
    told = api.put("settings/channels/whatsapp", keys(twin))
    assert (told.status_code, told.json()["check"][0]["sentence"]) == (
        200,
        "WhatsApp can’t be reached. Is this computer online?",
    )
    assert told.json()["connected"]


def test_secrets_are_never_read_back(api: Api, twin: Twin, shop_db: Path) -> None:
    told = api.put("settings/channels/whatsapp", keys(twin))
    read = api.get("settings/channels/whatsapp")
    for secret in (twin.account.access_token, twin.account.app_secret, twin.account.verify_token):
        assert secret not in told.text
        assert secret not in read.text
        assert secret.encode() not in shop_db.read_bytes()
    assert read.json()["keys"] == sorted(
        ["phone_number_id", "business_account_id", "access_token", "app_secret", "verify_token"]
    )
    assert read.json()["phoneNumberId"] == twin.account.phone_number_id
    kept = api.put("settings/channels/whatsapp", {"perSecond": 20})
    assert (kept.json()["number"]["perSecond"], found(kept)["access_token"]) == (20, True)


def test_what_is_left_out_or_unknown_is_refused(api: Api, twin: Twin) -> None:
    assert api.put("settings/channels/whatsapp", {"accessToken": "x"}).status_code == 422
    assert api.put("settings/channels/whatsapp", {"pin": "1"}).status_code == 400
    assert api.get("settings/channels/pigeon").status_code == 404
    assert api.post("settings/channels/whatsapp/check").status_code == 409
    assert api.get("settings/channels/whatsapp").json()["connected"] is False


def test_the_words_and_the_chat_link_are_read_and_changed(api: Api, twin: Twin) -> None:
    usual = api.get("settings/channels/whatsapp/words").json()
    assert ("stop" in usual["stop"], usual["chatLink"]) == (True, None)
    api.put("settings/channels/whatsapp", keys(twin))
    told = api.put("settings/channels/whatsapp/words", {"stop": ["Genug"], "join": "Count me in"}).json()
    assert (told["stop"], told["start"], told["wording"]) == (["Genug"], usual["start"], usual["wording"])
    assert told["chatLink"] == "https://wa.me/15550783881?text=Count%20me%20in"
    assert (
        api.put("settings/channels/whatsapp/words", {"stop": [], "join": ""}).json()["stop"] == usual["stop"]
    )
    refused = api.put("settings/channels/whatsapp/words", {"join": "x" * 121})
    assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (422, "join")
    assert api.put("settings/channels/whatsapp/words", {"stop": "Genug"}).status_code == 400


@pytest.mark.parametrize("who", ["max_", "sal", "wes", "ada"])
def test_the_number_is_the_owners_alone(api: Api, twin: Twin, who: str) -> None:
    api.put("settings/channels/whatsapp", keys(twin))
    theirs = api.as_(who)
    for method, path, body in [
        ("GET", "whatsapp", None),
        ("PUT", "whatsapp", {"perSecond": 20}),
        ("POST", "whatsapp/check", None),
        ("DELETE", "whatsapp", None),
        ("PUT", "whatsapp/words", {"stop": ["x"]}),
    ]:
        assert theirs.ask(method, f"settings/channels/{path}", body).status_code == 403, (who, method, path)
    assert api.nobody.get("settings/channels/whatsapp").status_code == 401
    assert api.get("settings/channels/whatsapp").json()["connected"]


def test_a_campaign_carries_its_template_and_is_launched(api: Api, twin: Twin) -> None:
    api.put("settings/channels/whatsapp", keys(twin))
    ana = api.post("customers", {"firstName": "Ana", "phone": "+491700000001"}).json()["id"]
    says_yes(ana)
    plan = {"name": "Sunday", "channel": "whatsapp", "content": SUNDAY, "audience": {"type": "all"}}
    made = api.post("campaigns", plan)
    assert (made.status_code, made.json()["content"]) == (201, SUNDAY)
    launched = api.post(f"campaigns/{made.json()['id']}/launch")
    assert launched.status_code == 202, launched.text
    told = api.get(f"dispatches/{launched.json()['dispatchId']}").json()
    assert (told["channel"], told["content"], told["recipients"]) == ("whatsapp", SUNDAY, 1)


def test_a_one_shot_goes_by_whatsapp(api: Api, twin: Twin) -> None:
    api.put("settings/channels/whatsapp", keys(twin))
    ana = api.post("customers", {"firstName": "Ana", "phone": "+491700000001"}).json()["id"]
    says_yes(ana)
    asked = {"channel": "whatsapp", "content": SUNDAY, "audience": {"type": "all"}}
    made = api.post("dispatches", asked)
    assert made.status_code == 202, made.text
    told = api.get(f"dispatches/{made.json()['dispatchId']}").json()
    assert (told["name"], told["recipients"]) == ("Untitled — open_on_sunday", 1)
    assert api.post("dispatches", asked).status_code == 409, "the same within a few minutes is a repeat"
    other = {**asked, "content": {"template": {"name": "last_chance", "language": "en"}}}
    refused = api.post("dispatches", other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "template_not_approved")


def test_without_a_yes_nobody_is_reachable(api: Api, twin: Twin) -> None:
    api.post("customers", {"firstName": "Ana", "phone": "+491700000001"})
    api.post("customers", {"firstName": "Ben", "email": "ben@x.example"})
    asked = {"channel": "whatsapp", "messageType": "marketing", "audience": {"type": "all"}}
    told = api.post("audience/count", asked).json()
    assert (told["matched"], told["reachable"]) == (2, 0)
    assert (told["leftOut"]["notAsked"], told["leftOut"]["noAddress"]) == (1, 1)


def test_what_was_practised_with_is_forgotten_when_a_number_is_connected(api: Api, twin: Twin) -> None:
    with unit() as session:
        shop.kept(session).practice_whatsapp_port = twin.port
    api.post("settings/channels/whatsapp/templates/sync")
    assert api.get("settings/channels/whatsapp/templates").json()["total"] == 8
    told = api.put("settings/channels/whatsapp", keys(twin, accessToken="wrong"))
    assert (told.json()["templates"], told.json()["number"]) == (0, None)


def test_platforms_say_whether_whatsapp_is_connected_practised_or_neither(api: Api, twin: Twin) -> None:
    assert platform(api) == (False, False, False)
    with unit() as session:
        shop.kept(session).practice_whatsapp_port = twin.port
    assert platform(api) == (False, True, True)
    api.put("settings/channels/whatsapp", keys(twin))
    assert platform(api) == (True, True, False)
    assert api.delete("settings/channels/whatsapp").status_code == 204
    assert platform(api) == (False, True, True)


def test_the_templates_are_listed_and_asked_for(api: Api, twin: Twin) -> None:
    api.put("settings/channels/whatsapp", keys(twin))
    listed = api.get("settings/channels/whatsapp/templates").json()
    assert {(one["name"], one["status"]) for one in listed["items"]} >= {
        ("open_on_sunday", "APPROVED"),
        ("last_chance", "PAUSED"),
    }
    del twin.desk.templates["last_chance", "en"]
    synced = api.post("settings/channels/whatsapp/templates/sync").json()
    assert "last_chance" not in {one["name"] for one in synced["items"]}
    twin.account.is_expired = True
    refused = api.post("settings/channels/whatsapp/templates/sync")
    assert "does not accept the shop’s access" in refused.json()["error"]["message"]
    assert api.get("settings/channels/whatsapp/templates").json()["total"] == synced["total"]


def sentence_of(told: Any, name: str) -> str:
    [sentence] = [one["sentence"] for one in told.json()["check"] if one["name"] == name]
    return str(sentence)


def platform(api: Api) -> tuple[bool, bool, bool]:
    known = {one["name"]: one for one in api.get("platforms").json()["items"]}["whatsapp"]
    return known["connected"], known["launchable"], known["practice"]


def says_yes(customer: int) -> None:
    with unit() as session:
        consent.grant(session, customer, "whatsapp", "marketing", how="form", now=now())
