"""The segments that come with Handbill: key, name, what it means, rule. Their definitions stand on their cards."""

from typing import Any, Final

QUIET_DAYS = 90

SYSTEM: Final[list[tuple[str, str, str, dict[str, Any]]]] = [
    (
        "may_email",
        "Everyone I may email",
        "Has an email address that works and has not said no to marketing.",
        {"all": [{"reachable": {"channel": "email", "message_type": "marketing"}}]},
    ),
    (
        "new_30",
        "New in 30 days",
        "Added to the customer book in the last 30 days.",
        {"all": [{"field": "created_at", "op": "within_days", "value": 30}]},
    ),
    (
        "inactive_90",
        f"Inactive {QUIET_DAYS}+ days",
        f"No purchase, appointment, repair or reply for {QUIET_DAYS} days. A message from you does not count.",
        {"all": [{"field": "active_at", "op": "older_than_days", "value": QUIET_DAYS}]},
    ),
    (
        "birthday_14",
        "Birthday in the next 14 days",
        "Today counts. Born on 29 February: the 28th in other years.",
        {"all": [{"date": "birthday", "within_days": 14, "ignore_year": True}]},
    ),
    (
        "address_problems",
        "Address problems",
        "Messages to the email address came back, or were reported as unwanted.",
        {"all": [{"field": "email_trouble", "op": "is_set"}]},
    ),
]
