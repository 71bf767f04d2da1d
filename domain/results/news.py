"""The one way from a post to what it says, whoever sent it. A provider is one file in `providers/` and found by itself."""

import importlib
import logging
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import domain.results.providers
from domain.results.post import Forged, News, Post
from domain.results.report import Kind, Report, digest, tidy

log = logging.getLogger(__name__)

MOST = 10_000  # reports in one post; nobody sends a tenth of it


def every() -> Iterator[Any]:
    yield from _found().values()


def named(name: str) -> Any | None:
    return _found().get(name)


def news(provider: Any, post: Post) -> News:
    """Raises Forged, or CertificateMissing. Nothing is read before it is sure who wrote it."""
    provider.verify(post)
    token = provider.token(post.body) if hasattr(provider, "token") else None
    try:
        found = provider.read_post(post) if hasattr(provider, "read_post") else provider.read(post.body)
        return News(provider.NAME, found[:MOST], token)
    except Forged:
        return News(provider.NAME, [], token)
    except Exception:
        # Refused, it would come again for days. What could be meant is in our log, and the post is kept as a whole.
        log.exception("A report of %s could not be read", provider.LABEL)
        words = post.body.decode("utf-8", "replace")
        unread = Report(
            provider.NAME, Kind.OTHER, digest(words), said="unreadable", excerpt=tidy(words, 1500)
        )
        return News(provider.NAME, [unread], token)


def follow_up(provider: Any, post: Post) -> None:
    """What a verified post asks us to do, such as to confirm a subscription. Raises Forged, or CertificateMissing."""
    if hasattr(provider, "follow_up"):
        provider.follow_up(post)


@cache
def _found() -> dict[str, Any]:
    rooms = [room.name for room in pkgutil.iter_modules(domain.results.providers.__path__)]
    modules = [importlib.import_module(f"domain.results.providers.{room}") for room in sorted(rooms)]
    return {module.NAME: module for module in modules}
