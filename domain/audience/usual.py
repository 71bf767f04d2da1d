"""The segments that come with Handbill: key, name, what it means, rule. Their definitions stand on their cards."""

from typing import Any, Final

QUIET_DAYS = 90
SERVICE_MONTHS = 11

SYSTEM: Final[list[tuple[str, str, str, dict[str, Any]]]] = [
    (
        "may_email",
        "Everyone I may email",
        "Has an email address that works and has not said no to marketing.",
        {"all": [{"reachable": {"channel": "email", "message_type": "marketing"}}]},
    ),
    (
        "may_whatsapp",
        "Everyone I may WhatsApp",
        "Can be found on WhatsApp and has said yes to marketing there.",
        {"all": [{"reachable": {"channel": "whatsapp", "message_type": "marketing"}}]},
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
        "bought_12",
        "Bought in 12 months",
        "At least one order in the last 12 months that was not cancelled.",
        {"all": [{"record": {"kind": "order", "started_within": {"months": 12}}}]},
    ),
    (
        "top_10_percent",
        "Top 10 % by spend in 24 months",
        "Of all who bought in the last 24 months, the tenth who spent most. Who spent as much as the last of them is in.",
        {"all": [{"top_spend": {"percent": 10, "within_months": 24}}]},
    ),
    (
        "birthday_14",
        "Birthday in the next 14 days",
        "Today counts. Born on 29 February: the 28th in other years.",
        {"all": [{"date": "birthday", "within_days": 14, "ignore_year": True}]},
    ),
    (
        "anniversary_30",
        "Anniversary in the next 30 days",
        "Wedding day or engagement, whatever the year. Today counts.",
        {
            "any": [
                {"date": kind, "within_days": 30, "ignore_year": True} for kind in ("wedding", "engagement")
            ]
        },
    ),
    (
        "repair_ready",
        "Repair ready, not collected",
        "A repair whose end has come and that is still open. Mark it done when it is collected.",
        {"all": [{"record": {"kind": "repair", "state": "ended", "status": "active"}}]},
    ),
    (
        "service_due",
        f"Bought over {SERVICE_MONTHS} months ago and no service since",
        "An order with no repair or service after it. Good for a yearly check.",
        {
            "all": [
                {
                    "record": {
                        "kind": "order",
                        "none_since": "repair",
                        "started_before": {"months": SERVICE_MONTHS},
                    }
                }
            ]
        },
    ),
    (
        "gift_card_30",
        "Gift card ends within 30 days",
        "A gift card or pass that is still good, is not used up and ends in the next 30 days.",
        {
            "all": [
                {
                    "record": {
                        "kind": "pass",
                        "state": "ongoing",
                        "ending_within": {"days": 30},
                        "uses_left": {"ne": 0},
                    }
                }
            ]
        },
    ),
    (
        "no_response_6",
        "Never opened or clicked in 6 months",
        "Got a message in the last 183 days and neither opened nor clicked one. What mail programs open by themselves"
        " does not count.",
        {
            "all": [
                {"received": {"within_days": 183}},
                {"not": {"opened": {"within_days": 183}}},
                {"not": {"clicked": {"within_days": 183}}},
            ]
        },
    ),
    (
        "address_problems",
        "Address problems",
        "Messages to the email address came back, or were reported as unwanted.",
        {"all": [{"field": "email_trouble", "op": "is_set"}]},
    ),
    (
        "no_consent",
        "No recorded consent",
        "The book has no line that says when and how they agreed to be written to.",
        {"all": [{"consent_recorded": False}]},
    ),
]
