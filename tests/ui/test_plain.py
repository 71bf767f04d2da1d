"""The plain pages show what they are given, and only as text."""

import base64
import hashlib
import re

import pytest

from ui.plain import page

PAGES = [
    "sign_in",
    "welcome_owner",
    "welcome_shop",
    "welcome_choice",
    "message",
]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_needs_nothing_to_be_shown(name: str) -> None:
    answer = page(name)
    assert answer.status_code == 200
    assert "<h1>" in bytes(answer.body).decode()


@pytest.mark.parametrize("name", PAGES)
def test_no_page_asks_another_machine_for_anything(name: str) -> None:
    html = bytes(page(name).body).decode()
    assert "https://" not in html
    assert 'src="//' not in html


def test_what_was_typed_comes_back_as_text() -> None:
    html = bytes(page("sign_in", values={"email": '"><script>alert(1)</script>', "next": '"x'}).body).decode()
    assert "<script>alert" not in html
    assert "&#34;&gt;&lt;script&gt;" in html


def test_a_password_never_comes_back() -> None:
    html = bytes(page("welcome_owner", values={"password": "correct horse"}).body).decode()
    assert "correct horse" not in html


def test_what_is_wrong_stands_at_its_field() -> None:
    html = bytes(
        page("welcome_owner", errors={"email": "This does not look like an email address."}).body
    ).decode()
    assert 'id="email-wrong"' in html
    assert 'aria-describedby="email-wrong"' in html


def test_the_shop_s_colour_stands_on_the_page_and_the_policy_lets_that_sheet_in_and_no_other() -> None:
    shown = page(
        "join_said", title="x", sentence="x", shop_name="x", postal_address="", is_done=True, colour="#7a1f3d"
    )
    sheet = re.findall(r"<style>(.*?)</style>", bytes(shown.body).decode())
    assert len(sheet) == 1
    assert "--brand:#7a1f3d" in sheet[0]
    mark = base64.b64encode(hashlib.sha256(sheet[0].encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{mark}';" in shown.headers["content-security-policy"]
    plain = page("join_said", title="x", sentence="x", shop_name="x", postal_address="", is_done=True)
    assert "<style>" not in bytes(plain.body).decode()
    assert "sha256" not in plain.headers["content-security-policy"]
