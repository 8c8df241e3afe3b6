"""Where formulas come from, as docs/kpis.md names them."""

from __future__ import annotations

#: Written in the literature on lifecycle marketing with a worked example.
LITERATURE = "lifecycle-marketing literature"
#: What everybody means by the word; nobody in particular wrote it first.
DEFINITION = "definition"
