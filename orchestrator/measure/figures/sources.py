"""Where formulas come from, as docs/kpis.md names them."""

from __future__ import annotations

from orchestrator.domain.phrase import say

#: Written in the books about lifecycle marketing, with a worked example.
LITERATURE = say("literature")
#: What the word means; nobody in particular wrote it first.
DEFINITION = say("definition")
#: "Counting Your Customers" the Easy Way, and RFM and CLV: docs/predictions.md.
FADER_HARDIE = say("Fader, Hardie and Lee, 2005")
#: What was drawn by chance is compared: the difference of two means.
TRIAL = say("randomised controlled trial")
