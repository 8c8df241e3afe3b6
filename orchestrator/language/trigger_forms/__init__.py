"""Every trigger of the journey language as a pydantic model, whether or not it is built yet.

The order of these files is that in which the language is told.
"""

from orchestrator.language.trigger_forms import (  # noqa: I001  # the order is that of the language
    event_form as event_form,
    watched_forms as watched_forms,
    date_form as date_form,
    called_forms as called_forms,
    manual_form as manual_form,
)
from orchestrator.language.trigger_forms.trigger_form import TRIGGER_FORMS as TRIGGER_FORMS

TRIGGER_KINDS = tuple(TRIGGER_FORMS)
#: How each kind that is built is written, by its word.
TRIGGER_EXAMPLES = {word: form.example for word, form in TRIGGER_FORMS.items() if form.example}
