"""Every table of the shop by one import, for the migrations and for a fresh database."""

from data.base import Base
from domain.audience import segments
from domain.book import consent, customers, importing, records, statuses
from domain.ledger import deliveries
from domain.message import practice, templates
from domain.sending import campaigns, dispatches, workers
from domain.shop import audit, installation, limits, mail, notices, people, sessions, shop

ROOMS = (
    audit, campaigns, consent, customers, deliveries, dispatches, importing, installation, limits, mail, notices,
    people, practice, records, segments, sessions, shop, statuses, templates, workers,
)  # fmt: skip

metadata = Base.metadata
