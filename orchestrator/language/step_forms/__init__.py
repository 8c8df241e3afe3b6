"""Every step of the journey language as a pydantic model, whether or not it is built yet.

The order of these files is that in which the language is told.
"""

from orchestrator.language.step_forms import (  # noqa: I001  # the order is that of the language
    message_forms as message_forms,
    webhook_form as webhook_form,
    wait_forms as wait_forms,
    way_forms as way_forms,
    change_forms as change_forms,
    offer_forms as offer_forms,
    task_forms as task_forms,
    turn_forms as turn_forms,
)
from orchestrator.language.step_forms.step_form import FORMS as FORMS

STEP_KINDS = tuple(FORMS)
BUILT_STEPS = tuple(word for word, form in FORMS.items() if form.is_built)
NOT_BUILT = frozenset(STEP_KINDS) - frozenset(BUILT_STEPS)
