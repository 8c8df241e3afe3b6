"""Inputs of the fuzz: half of each kind valid or one change away from it, half wild. One seed
gives one input.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from orchestrator.links import LinkSigner
from tests.bench.sample import ROOT

VALID_SHARE, CHANGED_SHARE = 0.2, 0.5  # the rest is wild

#: Values that have broken programs like this one before.
HOSTILE: Sequence[Any] = (
    None,
    True,
    "",
    " ",
    "\x00",
    "\ud83d",
    "é" * 300,
    "٣.٥",
    "80.00",
    "1e999",
    "NaN",
    "-0",
    "2026-13-45",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "١٢",
    "a" * 5_000,
    "{{ 7*7 }}",
    "<script>",
    "'\"`",
    "../../etc/passwd",
    "☃",
    "\u202e",
    "1_000",
    0,
    -1,
    2**31,
    2**63 - 1,
    2**64,
    10**30,
    1e308,
    -1e308,
    5e-324,
    1797328800,
    1797328800000,
    [],
    {},
    [[]],
    {"a": {}},
    ["x"] * 50,
    {"": ""},
    {"__class__": 1},
    float("nan"),
    float("inf"),
)
EXPRESSIONS = (
    "event.price >= 20",
    "customer.orders == 0 and customer.stage != 'buyer'",
    "days_since(customer.last_order_at) >= 3",
    "performed('Order Completed', within='30d', at_least=2)",
    "customer.plan in ['pro', 'free']",
    "not event.gift",
    "event.products[0].name is defined",
    "(event.total | float) * 1.2 > 50",
    "customer.name | lower == 'ada'",
    "'x' ~ event.price == 'x5'",
    "hours_since(now) < 1",
    "received('reminder', within='7d')",
    "event.a if event.b else 3 > 2",
)
PIECES = (
    "event",
    "customer",
    "now",
    ".price",
    ".x",
    "[0]",
    "['a']",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "{%",
    "%}",
    "and",
    "or",
    "not",
    "in",
    "is",
    "defined",
    "if",
    "else",
    "==",
    "!=",
    ">=",
    "=>",
    "<",
    "**",
    "*",
    "/",
    "//",
    "%",
    "+",
    "-",
    "~",
    "|",
    "lower",
    "length",
    "round",
    "default",
    "date",
    "range(10**9)",
    "2**20000",
    "10**100",
    "9" * 400,
    "1e400",
    "0",
    "0x10",
    "'a'",
    '"',
    "'",
    "„",
    "«",
    "٣.٥",
    "xjxtag99999xjx",
    "performed",
    "days_since",
    "(" * 60,
    "[" * 60,
    "not " * 60,
    "-" * 60,
    ",",
    ":",
    "#",
    "\\",
    "\x00",
    "\u2028",
    "self",
    "__class__",
    ".__init__.__globals__",
    "cycler",
    "lipsum",
    "namespace",
    "\ud83d",
)
TEMPLATES = (
    "Hello {{ customer.first_name }}, {{ entry.total | money }}",
    (
        "{% for p in entry.products %}{{ p.name }}: {{ p.price * p.quantity }}\n{% else "
        "%}none{% endfor %}"
    ),
    (
        "{% if customer.orders >= 2 %}again{% elif customer.vip %}vip{% endif %} {{ "
        "links.unsubscribe }}"
    ),
    "{% set total = entry.a + entry.b %}{{ total }} {{ coupon.code | default('-') }}",
    (
        "{% macro row(x) %}<b>{{ x }}</b>{% endmacro %}{{ row(customer.name) }}{{ "
        "row(entry.at | date) }}"
    ),
)
BOMBS = (
    "{% for a in range(10**9) %}{{ a }}{% endfor %}",
    "{{ 'x' * 10**9 }}",
    "{{ '★' * entry.rating }}",
    "{{ 2**20000 }}",
    "{{ 2**(2**30) }}",
    "{{ range(10**9) | list }}",
    "{{ range(10**9) | join }}",
    "{{ [0] * 10**9 }}",
    "{{ 'a' | center(10**9) }}",
    "{% set x = 'a' * 1000 %}{% for i in range(999) %}{% set x = x ~ x %}{% endfor %}",
    "{{ 'x' | indent(10**9) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{% include 'sms/bomb' %}",
    "{% extends 'sms/bomb' %}",
    "{{ ('a' * 40) ~ ('b' | replace('b', 'c' * 10**8)) }}",
    (
        "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}x{% "
        "endfor %}{% endfor %}{% endfor %}"
    ),
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{{ [[1] * 9999] * 9999 }}",
)

SIGNS = (0, 9, 10, 32, 39, 34, 58, 123, 0x2028, 0x1F600, 0xD83D)
KEYS = (
    "journey",
    "trigger",
    "steps",
    "goal",
    "exit",
    "reentry",
    "holdout",
    "tests",
    "priority",
    "only_if",
    "topic",
)
STEPS = (
    "delay",
    "email",
    "sms",
    "branch",
    "split",
    "wait_for",
    "wait_until",
    "set",
    "update",
    "coupon",
    "task",
    "mute",
    "exit",
)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One input: `what` it is of its kind (a file's name, a method and path), and its text or
    bytes.
    """

    what: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def make(kind: str, seed: int, index: int) -> Fuzzed:
    """The input of that number; always the same for a seed."""
    return MAKERS[kind](Random(f"{seed}:{kind}:{index}"))


def _blend(random: Random, valid: str, wild: Callable[[Random], str]) -> str:
    """The valid text, one change from it, or something wild."""
    share = random.random()
    if share < VALID_SHARE:
        return valid
    return _change(random, valid) if share < CHANGED_SHARE else wild(random)


def _change(random: Random, text: str) -> str:
    """One change: a sign, a piece, a line or a number."""
    if not text:
        return random.choice(PIECES)
    at, lines = random.randrange(len(text)), text.split("\n")
    match random.randrange(6):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + random.choice(PIECES) + text[at:]
        case 2:
            return (
                text[:at]
                + chr(random.choice((0, 9, 10, 32, 39, 34, 58, 123, 0x2028, 0x1F600, 0xD83D)))
                + text[at + 1 :]
            )
        case 3:
            lines.insert(random.randrange(len(lines)), random.choice(lines))
            return "\n".join(lines)
        case 4:
            del lines[random.randrange(len(lines))]
            return "\n".join(lines)
    words = text.split(" ")
    words[random.randrange(len(words))] = _text_of(random.choice(HOSTILE))
    return " ".join(words)


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _pieces(random: Random) -> str:
    """Words of the language in no order."""
    return random.choice(("", " ")).join(
        random.choice(PIECES) for _ in range(random.randint(1, 30))
    )


def _noise(random: Random) -> str:
    signs = [
        chr(random.choice((random.randrange(128), random.randrange(0x3000), 0x1F600)))
        for _ in range(200)
    ]
    return "".join(signs[: random.randint(0, 200)])


# ---------------------------------------------------------------- files


def _project_files() -> dict[str, str]:
    files = {
        path.name: path.read_text("utf-8")
        for path in sorted(Path(ROOT / "journeys").glob("*.yaml"))
    }
    return files | {"parcours.toml": (ROOT / "parcours.toml").read_text("utf-8")}


FILES = _project_files()


def _make_yaml(random: Random) -> Fuzzed:
    name = random.choice(sorted(FILES))
    return Fuzzed(name, _blend(random, FILES[name], _wild_yaml).encode("utf-8", "surrogatepass"))


def _wild_yaml(random: Random) -> str:
    match random.randrange(6):
        case 0:
            return _noise(random)
        case 1:  # references that grow, or never end
            return (
                "a: &a [x]\n"
                + "\n".join(f"b{n}: &b{n} [*a, *a, *a]" for n in range(20))
                + "\nc: &c [*c]\n"
            )
        case 2:
            return "journey: x\nsteps: " + random.choice("[{") * random.choice(
                (5, 100, 2000, 20_000)
            )
        case 3:
            return "journey: x\ntrigger: manual\nsteps:\n" + _nested(random.choice((3, 30, 300)))
        case 4:  # keys of the language with values of no sense
            keys = (
                "journey",
                "trigger",
                "steps",
                "goal",
                "exit",
                "reentry",
                "holdout",
                "tests",
                "priority",
                "only_if",
                "topic",
            )
            return "\n".join(
                f"{key}: {json.dumps(random.choice(HOSTILE))}" for key in random.sample(keys, 6)
            )
    document: Any = {
        "journey": "x",
        "trigger": {"event": "A", "if": _pieces(random)},
        "steps": [_wild_step(random)],
    }
    return json.dumps(document)


def _nested(depth: int) -> str:
    return "\n".join(
        f"{'  ' * (3 * n)}- branch:\n{'  ' * (3 * n + 1)}- if: true\n{'  ' * (3 * n + 2)}then:"
        for n in range(depth)
    )


def _wild_step(random: Random) -> dict[str, Any]:
    words = (
        "delay",
        "email",
        "sms",
        "branch",
        "split",
        "wait_for",
        "wait_until",
        "set",
        "update",
        "coupon",
        "task",
        "mute",
        "exit",
    )
    return {
        random.choice(words): random.choice(
            (*HOSTILE, {"event": "A"}, {"date": _pieces(random)}, "900000000d")
        )
    }


def _make_expression(random: Random) -> Fuzzed:
    text = _blend(
        random, random.choice(EXPRESSIONS), lambda r: _pieces(r) if r.random() < 0.8 else _noise(r)
    )
    return Fuzzed("expression", text.encode("utf-8", "surrogatepass"))


def _make_template(random: Random) -> Fuzzed:
    what = random.choice(("sms/bomb.txt", "email/bomb.html", "email/bomb.mjml"))
    body = _blend(random, random.choice(TEMPLATES), _wild_template)
    if what != "sms/bomb.txt":
        inside = f"<p>{body}</p>" if what.endswith("html") else _mjml(body)
        body = (
            "---\nsubject: "
            f"{random.choice(('Hello', '{{ customer.first_name }}', _pieces(random)))}\n---\n{inside}"
        )
    return Fuzzed(what, body.encode("utf-8", "surrogatepass"))


def _mjml(body: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column><mj-text>{body}</mj-text></mj-column></mj-section></mj-body></mjml>"


def _wild_template(random: Random) -> str:
    match random.randrange(4):
        case 0:
            return random.choice(BOMBS)
        case 1:
            return _change(random, random.choice(BOMBS))
        case 2:
            return f"{{{{ {_pieces(random)} }}}}"
    return "{% for x in entry.products %}" * random.choice((1, 21, 60)) + _pieces(random)


# ---------------------------------------------------------------- calls and requests


def _call(random: Random) -> dict[str, Any]:
    kind = random.choice(("track", "identify", "page", "alias", "group", "screen"))
    call: dict[str, Any] = {
        "type": kind,
        "userId": f"user-{random.randrange(50)}",
        "messageId": str(random.getrandbits(60)),
    }
    call["timestamp"] = f"2026-03-0{random.randint(1, 2)}T08:{random.randrange(60):02}:00Z"
    if kind == "track":
        call |= {"event": random.choice(("Product Added", "Order Completed", "Signed Up"))}
        call["properties"] = {
            "price": 80,
            "total": 99.5,
            "products": [{"name": "Lamp", "price": 60, "quantity": 1}],
        }
    elif kind == "identify":
        call["traits"] = {
            "email": "ada@example.com",
            "phone": "+33612345678",
            "consent": {"email": True},
            "locale": "fr",
        }
    elif kind == "alias":
        call["previousId"] = f"anon-{random.randrange(9)}"
    elif kind == "group":
        call["groupId"] = "g1"
    else:
        call["name"] = "Home"
    return call


def _changed_value(random: Random, value: Any) -> Any:
    """The value with one thing in it changed, however deep."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        key = random.choice(sorted(value))
        changed = dict(value)
        if random.random() < 0.15:
            del changed[key]
        else:
            changed[key] = _changed_value(random, value[key])
        return changed
    if isinstance(value, list) and value and random.random() < 0.7:
        return [_changed_value(random, value[0]), *value[1:]]
    return random.choice(HOSTILE)


def _json_text(random: Random) -> str:
    """A call, one change from one, or something wild."""
    share = random.random()
    if share < CHANGED_SHARE:
        call = _call(random)
        return json.dumps(call if share < VALID_SHARE else _changed_value(random, call))
    match random.randrange(6):
        case 0:
            return _noise(random)
        case 1:
            return _change(random, json.dumps(_call(random)))
        case 2:
            depth = random.choice((10, 200, 300, 1100, 100_000))
            return (
                '{"type":"track","userId":"u","event":"E","properties":'
                + '{"a":' * depth
                + "1"
                + "}" * depth
                + "}"
            )
        case 3:
            return json.dumps(random.choice(HOSTILE))
        case 4:
            names = ("type", "userId", "event", "timestamp", "traits")
            return json.dumps({name: random.choice(HOSTILE) for name in names})
    return json.dumps(
        _call(random) | {"properties": {str(n): random.choice(HOSTILE) for n in range(30)}}
    )


def _make_line(random: Random) -> Fuzzed:
    return Fuzzed("line", _json_text(random).replace("\n", " ").encode("utf-8", "surrogatepass"))


PATHS = (
    "/",
    "/healthz",
    "/mailbox",
    "/shop/cart",
    "/u/{t}",
    "/s/{t}",
    "/m/{t}",
    "/r/{t}",
    "/style.css",
    "/mailbox/{t}",
    "/{t}",
)
#: Links of the double's one message, as mails carry them.
SIGNER = LinkSigner("a secret", "https://shop.example")
LINKS = tuple(
    "/" + link.split("/", 3)[3]
    for link in (
        SIGNER.unsubscribe("m1"),
        SIGNER.survey("m1", "nps"),
        SIGNER.browser("m1"),
        SIGNER.referral("1"),
    )
)
TAILS = (
    "x",
    "..%2f..",
    "%00",
    "é",
    "a" * 3_000,
    "MTYw.H-zfk",
    "%ff%fe",
    "?a=%00&q=" + "9" * 400,
    "//",
    ";x=1",
)
TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "text/plain",
    "é;;",
)


def _make_request(random: Random) -> Fuzzed:
    if random.random() < 0.6:
        return _events_request(random)
    tail = random.choice(
        (
            "x",
            "..%2f..",
            "%00",
            "é",
            "a" * 3_000,
            "MTYw.H-zfk",
            "%ff%fe",
            "?a=%00&q=" + "9" * 400,
            "//",
            ";x=1",
        )
    )
    path = random.choice(PATHS).replace("{t}", tail)
    if random.random() < CHANGED_SHARE:
        link = random.choice(LINKS)
        path = link if random.random() < 0.5 else _change(random, link).replace("\ud83d", "x")
    method = random.choice(("GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"))
    body = (
        b""
        if method == "GET"
        else random.choice((b"", b"score=9&comment=x", b"a=%00", b"--b\r\n", b"\xff" * 99))
    )
    path = path if path.startswith("/") else f"/{path}"
    return Fuzzed(f"{method} {path}", body, {"content-type": random.choice(TYPES)})


def _events_request(random: Random) -> Fuzzed:
    headers = {"content-type": "application/json"}
    path = random.choice(("batch", "track", "identify", "page", "alias", "group"))
    text = _json_text(random)
    if path == "batch" and random.random() < 0.8:
        text = f'{{"batch":[{text},{json.dumps(_call(random))}],"writeKey":"write-key"}}'
    if random.random() < 0.9:
        headers["authorization"] = "Basic d3JpdGUta2V5Og=="  # the write key, as SDKs send it
    if random.random() < 0.1:
        headers["content-encoding"] = random.choice(("gzip", "br", "deflate", "x"))
    return Fuzzed(f"POST /v1/{path}", text.encode("utf-8", "surrogatepass"), headers)


MAKERS: dict[str, Callable[[Random], Fuzzed]] = {
    "yaml": _make_yaml,
    "expression": _make_expression,
    "template": _make_template,
    "http": _make_request,
    "json line": _make_line,
}
