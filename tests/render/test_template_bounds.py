"""No template and no customer's data can hold up the others: work and size are bounded, and the
reason is told.
"""

from __future__ import annotations

import re
import resource
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.medium import Medium
from orchestrator.links import Links
from orchestrator.render import Templates

Make = Callable[..., Templates]

WORK = "it takes too much work"
SIZE = "a text would be longer than 1 MB"
GROW = (
    "{% set ns = namespace(x=START) %}{% for i in range(40) %}{% set ns.x = STEP %}{% endfor %}SHOW"
)
ENTRY: Mapping[str, Any] = {
    "rating": 10**8,
    "written": "100000000",
    "list": list(range(1000)),
    "long": "a b " * 250_000,
    "pattern": "%1000000000d",
}


def grow(start: str, step: str, show: str) -> str:
    """A value that doubles forty times."""
    return GROW.replace("START", start).replace("STEP", step).replace("SHOW", show)


BOMBS = {
    "stars": ("{{ '★' * entry.rating }}", SIZE),
    "stars by text": ("{{ entry.written * '★' }}", SIZE),
    "a set block": ("{% set x %}{{ entry.long }}{{ entry.long }}{% endset %}", SIZE),
    "a long mail": ("{{ entry.long }}{{ entry.long }}", SIZE),
    "joined texts": ("{{ entry.long ~ entry.long }}", SIZE),
    "a doubled text": (grow("'x'", "ns.x + ns.x", "{{ ns.x }}"), SIZE),
    "a replaced text": ("{{ entry.long | replace('a', entry.long) }}", SIZE),
    "a text replaced by its method": ("{{ entry.long.replace('a', entry.long) }}", SIZE),
    "an indented text": ("{{ entry.long | indent(entry.rating) }}", SIZE),
    "loops": (
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
        WORK,
    ),
    "empty loops": (
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        WORK,
    ),
    "loops that pick nothing": (
        "{% for a in entry.list %}{% for b in entry.list %}{% for c in entry.list if false %}{% endfor %}{% endfor %}"
        "{% endfor %}",
        WORK,
    ),
    "a loop over a list that is made anew": (
        "{% for i in range(99999) %}{{ range(99999) | list | length }}{% endfor %}",
        WORK,
    ),
    "a macro that calls itself": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", WORK),
    "a macro that calls itself twice": (
        (
            "{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% "
            "endmacro %}{{ f(40) }}"
        ),
        WORK,
    ),
    "a recursive loop": ("{% for a in [1, 1] recursive %}{{ loop([1, 1]) }}{% endfor %}", WORK),
    "a doubled list": (grow("[1]", "ns.x + ns.x", "{{ ns.x | length }}"), WORK),
    "lists in lists": (grow("[1]", "[ns.x, ns.x]", "{{ ns.x }}"), WORK),
    "lists in lists, compared": (
        grow("[1]", "[ns.x, ns.x]", "{{ ns.x == [ns.x] }}{{ ns.x in [ns.x] }}"),
        WORK,
    ),
    "maps in maps": (grow("{}", "{'a': ns.x, 'b': ns.x}", "{{ ns.x | tojson }}"), WORK),
    "lists in lists as a key": (
        grow("[1]", "[ns.x, ns.x]", "{{ {ns.x: 1} | length }}{{ ns.x | unique }}"),
        WORK,
    ),
    "a slow filter": ("{{ entry.long | wordwrap(1) }}", WORK),
    "a filter again and again": (
        "{% for i in range(1000) %}{{ entry.long | upper | length }}{% endfor %}",
        WORK,
    ),
    "a comparison again and again": (
        "{% for i in range(90000) %}{{ entry.long == entry.long }}{% endfor %}",
        WORK,
    ),
    "a filter of lists in lists": (grow("[1]", "[ns.x, ns.x]", "{{ ns.x | upper }}"), WORK),
    "a currency of lists in lists": (grow("[1]", "[ns.x, ns.x]", "{{ 1 | money(ns.x) }}"), WORK),
    "a link of lists in lists": (grow("[1]", "[ns.x, ns.x]", "{{ links.shop(ns.x) }}"), WORK),
    "an attribute of lists in lists": (grow("[1]", "[ns.x, ns.x]", "{{ [1] | sum(ns.x) }}"), WORK),
    "a centred list of lists": (grow("[1]", "[ns.x, ns.x]", "{{ ns.x | center }}"), WORK),
    "a pattern of lists in lists": (grow("[1]", "[ns.x, ns.x]", "{{ '%s' | format(ns.x) }}"), WORK),
    "a default of lists in lists": (
        grow("[1]", "[ns.x, ns.x]", "{{ none | default(ns.x) }}"),
        WORK,
    ),
    "a search again and again": (
        "{% for i in range(90000) %}{{ 'zz' in entry.long }}{% endfor %}",
        WORK,
    ),
    "a print again and again": (
        "{% set x %}{% for i in range(9000) %}{{ entry.long }}{% endfor %}{% endset %}",
        WORK,
    ),
    "every character": ("{% for sign in entry.long %}{{ sign }}{% endfor %}", WORK),
    "a wide list": ("{{ range(100000) | map('center', 10000) | list | length }}", WORK),
    "a range": ("{{ range(entry.rating) | list }}", "`range` of more than 100000 numbers"),
    "a centred text": ("{{ 'x' | center(entry.rating) }}", "`center` is given a number over 10000"),
    "a filled batch": (
        "{{ [1] | batch(entry.rating, 'x') }}",
        "`batch` is given a number over 10000",
    ),
    "slices": ("{{ entry.list | slice(entry.rating) }}", "`slice` is given a number over 10000"),
    "a pattern": ("{{ entry.pattern | format(1) }}", "`format` is given a width over 1000"),
    "a percent pattern": ("{{ '%1000000000d' % 1 }}", "`format` is given a width over 1000"),
    "a format": ("{{ '{:1000000000}'.format(1) }}", "`format` writes values as"),
    "a date pattern": (
        "{{ now | date('d' * 1000) }}",
        "`a format` is given a text of over 100 characters",
    ),
}


@pytest.mark.parametrize(("text", "reason"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_fails_its_message_with_the_reason(
    make_templates: Make, links: Links, text: str, reason: str
) -> None:
    """No clock is asserted: the work is counted, and each step is small. The test's own limit is
    the guard.
    """
    templates = make_templates({"sms/hi.txt": f"\n{text}"})
    with pytest.raises(TemplateFailed) as caught:
        templates.render_text(Medium.SMS, "hi", "en", {"entry": ENTRY, "links": links})
    assert re.match(rf"templates/sms/hi.txt:[12]: {re.escape(reason)}", str(caught.value))


def test_bombs_take_no_memory(make_templates: Make, links: Links) -> None:
    templates = make_templates(
        {f"sms/b{n}.txt": text for n, (text, _) in enumerate(BOMBS.values())}
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for n in range(len(BOMBS)):
        with pytest.raises(TemplateFailed):
            templates.render_text(Medium.SMS, f"b{n}", "en", {"entry": ENTRY, "links": links})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB


def test_a_large_but_honest_mail_is_made(make_templates: Make) -> None:
    text = (
        "{% for p in entry.products %}{{ loop.index }} {{ p.name | upper }} {{ (p.price * "
        "p.n) | money }}\n{% endfor %}"
    )
    products = [{"name": f"Product {n}", "price": "12.50", "n": n} for n in range(1000)]
    sent = make_templates({"sms/hi.txt": text}).render_text(
        Medium.SMS, "hi", "en", {"entry": {"products": products}}
    )
    assert sent.splitlines()[-1] == "1000 PRODUCT 999 €12,487.50"


def test_one_message_s_work_is_not_the_next_one_s(make_templates: Make) -> None:
    templates = make_templates({"sms/hi.txt": "{% for i in range(30000) %}{{ i }}{% endfor %}"})
    assert len({templates.render_text(Medium.SMS, "hi", "en", {}) for _ in range(10)}) == 1


def test_a_template_cannot_change_what_it_is_shown(make_templates: Make) -> None:
    entry = {"tags": ["a"]}
    templates = make_templates(
        {"sms/hi.txt": "{{ entry.tags['append'](1) }}{{ (entry.tags + ['b']) | join }}"}
    )
    assert templates.render_text(Medium.SMS, "hi", "en", {"entry": entry}) == "ab"
    assert entry == {"tags": ["a"]}
