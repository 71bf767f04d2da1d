"""Every table of the shop by one import, for the migrations and for a fresh database."""

from data.base import Base
from domain.audience import segments
from domain.book import (
    categories,
    consent,
    customers,
    duplicates,
    groups,
    importing,
    measuring,
    own_fields,
    records,
    side_tables,
    sign_ups,
    staff,
    statuses,
    undoing,
)
from domain.ledger import deliveries, engagement, events, received, targets
from domain.message import practice, practice_messages, templates, whatsapp_templates
from domain.results import incoming
from domain.sending import campaigns, dispatches, sibling, workers
from domain.shop import (
    audit,
    installation,
    limits,
    mail,
    mailbox,
    notices,
    people,
    provider_keys,
    sessions,
    shop,
    whatsapp,
    whatsapp_reach,
    whatsapp_words,
)

ROOMS = (
    audit, campaigns, categories, consent, customers, deliveries, dispatches, duplicates, engagement, events, groups, importing,
    incoming, installation, limits, mail, mailbox, measuring, notices, own_fields, people, practice, practice_messages, provider_keys, received, records, segments, sessions, shop, sibling, side_tables, sign_ups, staff,
    statuses, targets, templates, undoing, whatsapp, whatsapp_reach, whatsapp_templates, whatsapp_words, workers,
)  # fmt: skip

metadata = Base.metadata
