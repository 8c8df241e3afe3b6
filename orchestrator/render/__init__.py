"""Templates: loaded and checked once, rendered fast, in the customer's language."""

from orchestrator.render.templates import RenderedEmailParts, Templates

__all__ = ["RenderedEmailParts", "Templates"]
