"""Is the shop open? For whoever watches over the machine; the details are for people who are signed in."""

import logging
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from data.database import now, reading
from domain.sending import workers
from domain.shop import installation

router = APIRouter(include_in_schema=False)
log = logging.getLogger("handbill.health")
SILENT_AFTER = timedelta(seconds=30)


@router.api_route("/health", methods=["GET", "HEAD"])
def health() -> JSONResponse:
    """Degraded: pages may work, but nobody sends. Fenced: the same, until the owner confirms that this is no copy.

    503: not even the database answers.
    """
    try:
        with reading() as session:
            beat = workers.last_beat(session)
            is_fenced = installation.is_fenced(session)
    except SQLAlchemyError:
        log.exception("the database does not answer")
        return JSONResponse({"status": "degraded"}, 503)
    if is_fenced:
        return JSONResponse({"status": "fenced"})
    is_awake = beat is not None and now() - beat <= SILENT_AFTER
    return JSONResponse({"status": "ok" if is_awake else "degraded"})
