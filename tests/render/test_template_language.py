"""Templates compute, compare and print as the conditions of journeys do, and take whatever a
customer's data brings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.expression import NOBODY, Scope
from orchestrator.domain.medium import Medium
from orchestrator.domain.values import as_text
from orchestrator.language.expressions import parse_value
from orchestrator.language.where import STEP
from orchestrator.links import Links
from orchestrator.render import Templates
from orchestrator.render.source import TemplateBroken
from orchestrator.render.templates import one_line
from tests.render.test_template_faults import problems

Make = Callable[..., Templates]

ENTRY: Mapping[str, Any] = {
    "at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "products": [
        {"name": "Lamp", "price": "60.00", "quantity": "2"},
        {"name": "Towel", "price": 5, "quantity": 1},
        {"name": "Vase", "price": "on request", "quantity": 1},
    ],
    "total": 120.0,
    "gift": True,
    "note": "3 lamps",
    "rating": "4",
    "percent": "10",
}


def show(templates: Templates, text: str, entry: Mapping[str, Any] = ENTRY, **scope: Any) -> str:
    """What a mail prints for an expression, or for a whole text."""
    text = text if "{" in text else f"{{{{ {text} }}}}"
    return templates.render_email("nps-ask", "en", {"entry": entry, **scope}, text).subject


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("entry.products[0].price * entry.products[0].quantity", "120"),
        ("(entry.products[0].price * entry.products[0].quantity) | money", "€120.00"),
        ("entry.products[0].price | money", "€60.00"),
        ("entry.products[0].price + entry.products[1].price", "65"),
        ("entry.products[0].price - 0.5", "59.5"),
        ("entry.products[0].price / entry.rating", "15"),
        ("entry.products[0].price // 7", "8"),
        ("entry.products[0].price % 7", "4"),
        ("-entry.products[0].price", "-60"),
        ("entry.products | sum(attribute='price')", "65"),
        ("entry.products | sum(attribute='price') | money", "€65.00"),
        ("entry.products[2].price * 2", "on requeston request"),
        ("entry.products[2].price + 2", ""),
        ("entry.products[2].price | money", ""),
        ("entry.nothing + 1", ""),
        ("1 / 0", ""),
        ("entry.percent + '%'", "10%"),
        ("entry.percent ~ '%'", "10%"),
        ("'Hello ' + entry.products[0].name", "Hello Lamp"),
        ("[1] + [2]", "[1, 2]"),
        ("'★' * entry.rating", "★★★★"),
        ("'★' * 3", "★★★"),
        ("'★' * 1.5", ""),
        ("any(entry.products, name='Lamp')", "true"),
        ("any(entry.products, price='> 5')", "false"),
        ("any(entry.products, price='>= 5', quantity=1)", "true"),
        ("any(entry.nothing)", "false"),
        ("sum(entry.products, 'price * quantity')", "125"),
        ("sum(entry.products, 'price * quantity') | money", "€125.00"),
        ("sum(entry.nothing, 'price')", ""),
        ("entry.products[].name | join(', ')", "Lamp, Towel, Vase"),
        ("'Vase' in entry.products[].name", "true"),
        ("entry.nothing[].name", ""),
        ("{% if opened('welcome') is defined %}a{% else %}b{% endif %}", "b"),
        ("{% for name in entry.products[].name %}{{ name[0] }}{% endfor %}", "LTV"),
    ],
)
def test_a_number_written_as_text_counts_in_arithmetic_and_what_is_none_is_missing(
    shipped: Templates, expression: str, expected: str
) -> None:
    assert show(shipped, expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("entry.rating == 4", "false"),
        ("entry.rating != 4", "true"),
        ("entry.rating > 3", "false"),
        ("entry.rating | float > 3", "true"),
        ("4 in ['4']", "false"),
        ("4 in [4.0]", "true"),
        ("true == 1", "false"),
        ("entry.nothing == none", "false"),
        ("entry.nothing is none", "true"),
        ("entry.nothing is defined", "false"),
        ("entry.nothing != 1", "false"),
        ("entry.at > '2026-02-28'", "true"),
        ("1 < 2 < 3", "true"),
        ("3 > 2 > 2", "false"),
        ("'lamp' in entry.note", "true"),
        ("'Lamp' in entry.products | map(attribute='name')", "true"),
    ],
)
def test_comparisons_mean_what_they_mean_in_conditions(
    shipped: Templates, expression: str, expected: str
) -> None:
    assert show(shipped, expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("entry.total", "120"),
        ("entry.gift", "true"),
        ("not entry.gift", "false"),
        ("1 / 3", "0.3333333333333333"),
        ("6 / 2", "3"),
        ("entry.at", "2026-03-01T12:00:00+00:00"),
        ("'T' ~ entry.total ~ entry.gift", "T120true"),
        ("[entry.total, 1] | join(', ')", "120, 1"),
        ("'%s and %.2f' % (entry.total, entry.rating)", "120 and 4.00"),
        ("'%.2f' | format(entry.products[0].price)", "60.00"),
        ("{{ '{:.2f} {} {:>3}'.format(entry.rating, entry.total, 5) }}", "4.00 120   5"),
        ("entry.total | string | length", "3"),
    ],
)
def test_a_value_is_printed_as_people_read_it(
    shipped: Templates, expression: str, expected: str
) -> None:
    assert show(shipped, expression) == one_line(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% for x in entry.total %}x{% else %}none{% endfor %}", "none"),
        ("{% for x in entry.nothing %}x{% else %}none{% endfor %}", "none"),
        (
            (
                "{% for i in range(entry.rating) %}{{ loop.index }}{% if not loop.last %},{% "
                "endif %}{% endfor %}"
            ),
            "1,2,3,4",
        ),
        ("{% for i in range(entry.note) %}x{% endfor %}", ""),
        (
            "{{ entry.products | sort(attribute='price') | map(attribute='name') | join(' ') }}",
            "Towel Lamp Vase",
        ),
        ("{{ entry.products | map(attribute='price') | max }}", "on request"),
        (
            (
                "{{ entry.products | selectattr('price', '>', 3) | map(attribute='name') | "
                "list | first }}"
            ),
            "Towel",
        ),
        (
            "{{ entry.products | groupby('quantity') | map(attribute='grouper') | join(' ') }}",
            "1 2",
        ),
        (
            (
                "{{ entry.note | sum }} {{ entry.total | sort | length }} {{ entry.total | "
                "list | length }}"
            ),
            "0 0 0",
        ),
        (
            (
                "{{ entry.rating is even }} {{ entry.note is even }} {{ entry.total is "
                "divisibleby 7 }}"
            ),
            "true false false",
        ),
        (
            "{{ entry.total | upper }} {{ entry.note | title }} {{ entry.nothing | lower }}!",
            "120 3 Lamps !",
        ),
        (
            (
                "{{ 'x' | int }}{{ 'x' | int(7) }} {{ '60.00' | int }} {{ 2.5 | round }} {{ "
                "'2.345' | round(2) }}"
            ),
            "7 60 2 2.35",
        ),
        (
            (
                "{{ 1.21 | round(1, 'ceil') }} {{ '1.29' | round(1, 'floor') }} {{ 1e300 | "
                "round(15, 'ceil') }}!"
            ),
            "1.3 1.2 !",
        ),
        (
            (
                "{{ entry.note | default('-') }} {{ entry.nothing | default('-') }} {{ '' | "
                "default('-', true) }}"
            ),
            "3 lamps - -",
        ),
        (
            (
                "{{ entry.nothing | items | list }}{% for k, v in entry.products[0] | "
                "dictsort %}{{ k }} {% endfor %}"
            ),
            "[]name price quantity",
        ),
        (
            "{{ entry.products[:2] | length }} {{ entry.note[2:] }} {{ entry.total[1:] }}!",
            "2 lamps !",
        ),
        (
            "{% set ns = namespace(sum=0) %}{% for p in entry.products %}{% set ns.sum = ns.sum + (p.price * p.quantity)"
            " | float(0) %}{% endfor %}{{ ns.sum }}",
            "125",
        ),
        ("{% macro star(n) %}{{ '*' * n }}{% endmacro %}{{ star(2) }}{{ star('3') }}", "*****"),
        (
            (
                "{% filter upper %}a{{ entry.rating }}{% endfilter %}{% filter length %}abc{% "
                "endfilter %}"
            ),
            "A43",
        ),
        (
            (
                "{{ entry.products[0].name.upper() }} {{ entry.at.strftime('%d/%m') }} {{ "
                "entry.at.year }}"
            ),
            "LAMP 01/03 2026",
        ),
        (("{{ entry | tojson | length > 100 }}"), "true"),
    ],
)
def test_whatever_a_value_is_the_mail_can_be_made(
    shipped: Templates, text: str, expected: str
) -> None:
    assert show(shipped, text) == expected


def test_a_link_takes_what_is_missing_and_what_is_no_text(shipped: Templates, links: Links) -> None:
    assert show(shipped, "links.shop(entry.nothing)", links=links) == "http://localhost:8000/shop/"
    assert show(shipped, "links.shop(5.0)", links=links) == "http://localhost:8000/shop/5"
    assert show(shipped, "links.survey('nps', score=9.0)", links=links).endswith("?score=9")
    assert "?" not in show(shipped, "links.survey('nps', score=entry.nothing)", links=links)


LEAVES = st.sampled_from(
    [
        "entry.total",
        "entry.rating",
        "entry.note",
        "entry.gift",
        "entry.nothing",
        "entry.at",
        "entry.percent",
        "1",
        "2.5",
        "0",
        "'4'",
        "'60.00'",
        "'a'",
        "'-1.5e1'",
        "true",
        "'2026-03-02'",
        "[1, '4']",
        "entry.products[0].price",
        "entry.products[1].price",
        "entry.products",
    ],
)
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "~",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not in",
    "and",
    "or",
]
FILTERS = ["int", "float", "abs", "round", "string", "length", "first", "last", "default(3)"]
TESTS = ["defined", "none", "true", "number", "string"]


def join(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda a, o, b: f"({a} {o} {b})", inner, st.sampled_from(OPERATORS), inner),
        st.builds(lambda a: f"(-{a})", inner),
        st.builds(lambda a: f"(not {a})", inner),
        st.builds(lambda a, f: f"({a} | {f})", inner, st.sampled_from(FILTERS)),
        st.builds(lambda a, t: f"({a} is {t})", inner, st.sampled_from(TESTS)),
        st.builds(lambda a, c, b: f"({a} if {c} else {b})", inner, inner, inner),
    )


@settings(deadline=None)
@given(expression=st.recursive(LEAVES, join, max_leaves=8))
def test_one_expression_means_the_same_in_a_condition_and_in_a_mail(
    shipped: Templates, expression: str
) -> None:
    value = parse_value(f"{{{{ {expression} }}}}", STEP)
    scope = Scope(NOBODY, ENTRY["at"], {"entry": ENTRY})
    assert show(shipped, expression) == one_line(as_text(value.evaluate(scope)))


# ---------------------------------------------------------------- what does not exist


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("Hi {{ person.first_name }}", "1:7", "there is no `person` here: write `customer`"),
        (
            "Hi {{ first_name }}",
            "1:7",
            "there is no `first_name` here; write `customer.first_name`",
        ),
        (
            "a\n{{ event.total }}",
            "2:4",
            "there is no `event` here: write `entry`, the event that started the journey",
        ),
        ("{{ custmer.name }}", "1:4", "there is no `custmer` here; did you mean `customer`?"),
        (
            "{% if entry.x %}{{ coupon.code | percentage }}{% endif %}",
            "1:34",
            "there is no filter `percentage`",
        ),
        ("{{ 'a' if entry.x else (entry.y | foo) }}", "1:35", "there is no filter `foo`"),
        (
            "{% for p in entry.products %}{{ p.x | mony }}{% endfor %}",
            "1:39",
            "there is no filter `mony`",
        ),
        ("{% macro m(x) %}{{ x | foo }}{% endmacro %}", "1:24", "there is no filter `foo`"),
        ("{{ entry.x | map('uper') }}", "1:19", "there is no filter `uper`; did you mean 'upper'?"),
        ("{{ entry.x | selectattr('a', 'biggr', 3) }}", "1:31", "there is no test `biggr`"),
        (
            "{{ entry.x is definde }}",
            "1:15",
            "there is no test `is definde`; did you mean 'defined'?",
        ),
        (
            "{{ days_sinc(entry.at) }}",
            "1:4",
            "there is no function `days_sinc()`; did you mean 'days_since'?",
        ),
        ("{{ entry.x.uper() }}", "1:12", "there is no function `uper()`; did you mean `upper`?"),
        (
            "{% for k, v in entry.items() %}{% endfor %}",
            "1:22",
            "for its names and values write `| items`",
        ),
        ("{{ entry.products.append(1) }}", "1:19", "a list grows by `+`"),
        ("{{ links.unsubscribe() }}", "1:10", "is a link as it stands"),
        ("{{ loop.index }}", "1:4", "known between `{% for … %}` and `{% endfor %}` only"),
        (
            "{% for person in entry.x %}{% endfor %}{{ person }}",
            "1:43",
            "there is no `person` here",
        ),
        ("{{ acount.size }}", "1:4", "did you mean `account`?"),
        ("{{ entry.products[] }}", "1:18", "behind `[]`, all elements of a list, stands a name"),
        ("{{ sum(entry.products) }}", "1:4", "it takes a list and a text"),
        ("{{ sum(entry.products, 'a b') }}", "1:4", "'a b' cannot be added up"),
        ("{{ any() }}", "1:4", "it takes a list, and what one element says"),
        ("{{ performed() }}", "1:4", "it takes one value"),
        ("{{ performed(entry.name) }}", "1:4", "its name must be plain text between quotes"),
        ("{{ performed('A', within='soon') }}", "1:19", "'soon' is not a duration"),
        (
            "{{ performed('A', at_least=0) }}",
            "1:19",
            ("`at_least` must be a whole number, 1 or more"),
        ),
        (("{{ received('welcome', since='3d') }}"), "1:24", "it has no option `since`"),
        ("{{ 2 ** 10 }}", "1:6", ("`**` is not part of the language")),
    ],
)
def test_a_name_that_does_not_exist_is_refused_wherever_it_stands(
    make_templates: Make, text: str, place: str, message: str
) -> None:
    found = problems(make_templates, {"sms/hi.txt": text})
    assert found[0].startswith(f"templates/sms/hi.txt:{place}: ")
    assert message in found[0]


def test_a_fault_of_a_layout_or_partial_is_told_where_it_was_written(make_templates: Make) -> None:
    files = {
        "sms/_layout.txt": (
            "{% block a %}{% endblock %}\n{% if entry.x %}{{ entry.x | foo }}{% endif %}"
        ),
        "sms/_part.txt": "line\n  {{ shop_name }}",
        "sms/hi.txt": (
            '{% extends "_layout.txt" %}\n{% block a %}{% include "_part.txt" %}{{ event.x '
            "}}{% endblock %}"
        ),
    }
    assert [problem.partition(" there")[0] for problem in problems(make_templates, files)] == [
        "templates/sms/_layout.txt:2:30:",
        "templates/sms/_part.txt:2:6:",
        "templates/sms/hi.txt:2:42:",
    ]


def test_every_fault_of_a_mail_is_told_at_once(make_templates: Make) -> None:
    text = (
        '---\nsubject: "Hi {{ person.name }}"\npreheader: Yes {{ x }}\n---\n<p>{{ y '
        "}}\n<b>{{ z }}</b></p>"
    )
    assert [
        problem.split(" ")[0] for problem in problems(make_templates, {"email/hi.html": text})
    ] == [
        "templates/email/hi.html:2:17:",
        "templates/email/hi.html:3:19:",
        "templates/email/hi.html:5:7:",
        "templates/email/hi.html:6:7:",
    ]


def test_a_layout_may_ask_for_what_only_some_templates_set(make_templates: Make) -> None:
    layout = "{% if hero %}[{{ hero }}]{% endif %}{% block a %}{% endblock %}"
    templates = make_templates(
        {
            "sms/_layout.txt": layout,
            "sms/hi.txt": (
                '{% extends "_layout.txt" %}{% set hero = "Summer" %}{% block a %}hi{% endblock %}'
            ),
            "sms/plain.txt": '{% extends "_layout.txt" %}{% block a %}hi{% endblock %}',
        }
    )
    assert templates.render_text(Medium.SMS, "hi", "en", {}) == "[Summer]hi"
    assert templates.render_text(Medium.SMS, "plain", "en", {}) == "hi"


def test_segments_templates_and_journeys_that_templates_ask_about_must_exist(tmp_path: Any) -> None:
    folder = tmp_path / "templates" / "sms"
    folder.mkdir(parents=True)
    (folder / "hi.txt").write_text(
        "{{ in_segment('vpi') }}\n{{ received('welcme', within='7d') }}{{ in_segment('vip') }}"
    )
    names = {"in_segment": frozenset({"vip"}), "received": frozenset({"welcome"})}
    with pytest.raises(ProjectInvalid) as caught:
        Templates.load(tmp_path, "en", names)
    assert [str(problem) for problem in caught.value.problems] == [
        "templates/sms/hi.txt:1:4: there is no segment 'vpi'; did you mean 'vip'?",
        (
            "templates/sms/hi.txt:2:4: there is no template or journey 'welcme'; did you "
            "mean 'welcome'?"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("{% if customer.stage == 'loyl' %}a{% endif %}", False),
        ("{{ 'a' if 'loyl' != customer.stage }}", False),
        ("{{ 'a' if customer['stage'] in ['lead', 'loyl'] }}", False),
        ("{{ 'a' if customer.stage in ('lead', 'loyal') }}", True),
        ("{{ 'a' if customer.plan == 'loyl' }}", True),
        ("{{ 'a' if customer.stage == customer.best }}", True),
    ],
)
def test_a_stage_that_a_template_compares_with_must_exist(
    tmp_path: Any, text: str, is_there: bool
) -> None:
    folder = tmp_path / "templates" / "sms"
    folder.mkdir(parents=True)
    (folder / "hi.txt").write_text(text)
    names = {"stage": frozenset({"loyal", "lead"})}
    _, problems = Templates.load_sound(tmp_path, "en", names)
    told = ["there is no stage 'loyl'; did you mean 'loyal'?"]
    assert [one.message for one in problems] == ([] if is_there else told)


def test_the_subject_of_a_step_may_ask_about_what_is_there_only(tmp_path: Any) -> None:
    names = {"in_segment": frozenset({"vip"}), "stage": frozenset({"loyal"})}
    templates = Templates.load(tmp_path, "en", names)
    templates.compile_subject("{{ in_segment('vip') }} {{ customer.stage == 'loyal' }}")
    for text in ("{{ in_segment('vpi') }}", "{{ customer.stage == 'loyl' }}"):
        with pytest.raises(TemplateBroken, match="did you mean"):
            templates.compile_subject(text)
        with pytest.raises(ProjectInvalid, match="did you mean"):
            templates.calls({text: "journeys/x.yaml"})
