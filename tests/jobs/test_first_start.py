"""The start as `make run` makes it: one command, an empty folder, and the first page."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).parents[2]
WITHIN = 60.0  # seconds, also on a busy machine
NOT_FOR_THE_SHOP = ("PYTEST_", "NICEGUI_", "HANDBILL_")


def test_one_command_opens_an_empty_shop_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    port, log = _free_port(), tmp_path / "said.txt"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_FOR_THE_SHOP)}
    shop = kept | {"HANDBILL_DATA": str(tmp_path / "new"), "HANDBILL_PORT": str(port)}
    with log.open("w") as said:
        program = subprocess.Popen(
            [sys.executable, "main.py", "serve"], cwd=ROOT, env=shop, stdout=said, stderr=said
        )
    try:
        url, page = _first_page(f"http://127.0.0.1:{port}/", log)
        assert url.endswith("/welcome")
        assert "<form" in page
        program.send_signal(signal.SIGTERM)
        program.wait(WITHIN)
    finally:
        program.kill()
        program.wait()
    assert (tmp_path / "new" / "handbill.db").is_file()
    assert f"http://127.0.0.1:{port}" in log.read_text()


def _first_page(address: str, log: Path) -> tuple[str, str]:
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=WITHIN) as answer:
                return answer.url, answer.read().decode()
        except URLError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
