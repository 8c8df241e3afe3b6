"""The orders of a real shop, CDNOW 1997/98, where its log lies beside the checkout."""

from __future__ import annotations

import gzip
import json
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from orchestrator.measure.predict.histories import OrderDays

LOG = Path(__file__).parents[3] / "shared/data/cdnow_sample.jsonl.gz"
#: The last day of the 39 weeks on which Fader and Hardie fitted their models.
CALIBRATION_END = date(1997, 9, 30).toordinal()
needs_cdnow = pytest.mark.skipif(
    not LOG.is_file(), reason="the reference logs lie beside the checkout, or nowhere"
)


@cache
def read_cdnow() -> OrderDays:
    """All its orders."""
    with gzip.open(LOG) as lines:
        calls = [json.loads(line) for line in lines]
    orders = [call for call in calls if call.get("event") == "Order Completed"]
    _, customer = np.unique([call["userId"] for call in orders], return_inverse=True)
    days = [date.fromisoformat(call["timestamp"][:10]).toordinal() for call in orders]
    amounts = [call["properties"]["total"] for call in orders]
    return OrderDays.gather(customer, np.array(days), np.array(amounts, float))
