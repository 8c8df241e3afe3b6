"""Everything that is said, and what the French catalogue says instead: `python -m tests.support.sentences`
(`make french`) writes into it what is new, empty, and takes out what nobody says any more; tests
compare the two.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from babel.messages.pofile import normalize, read_po

from orchestrator.domain.formatting import count
from orchestrator.lint.project_check import RULES
from orchestrator.translations.catalogue import THIN_SPACE
from tests.support.house import LIVING, ROOT, read, shown

CATALOGUE = ROOT / "orchestrator/translations/fr.po"
RULES_PAGE = "docs/rules.md"


@dataclass
class Sentence:
    """One sentence that is said: `several` where a number decides; `files` say it."""

    key: str
    places: frozenset[str]
    several: str = ""
    files: list[str] = field(default_factory=list)


def said() -> dict[str, Sentence]:
    """Every sentence by its key, in the order of the files that say it."""
    found: dict[str, Sentence] = {}
    for file, one in _all():
        known = found.setdefault(one.key, one)
        assert known.places == one.places, f"{one.key!r} is said with other places, too"
        if file not in known.files:
            known.files.append(file)
    return {key: one for key, one in found.items() if has_words(one)}


def has_words(one: Sentence) -> bool:
    """Whether anything in a sentence stands outside of its places and of code."""
    bare = Formatter().parse(one.key) if one.places else [(one.key, None, None, None)]
    return bool(
        re.search("[A-Za-z:;?!']", re.sub("`[^`]*`", "", "…".join(text for text, *_ in bare)))
    )


def _all() -> Iterator[tuple[str, Sentence]]:
    for path in sorted(LIVING):
        text = read(path)
        if "domain.phrase import" in text or path.stem == "phrase":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield from ((shown(path), one) for one in _of_call(node, path))
    for rule in RULES:
        for told in (rule.why, rule.mend):
            yield RULES_PAGE, Sentence(told, frozenset())


def _of_call(node: ast.Call, path: Path) -> Iterator[Sentence]:
    assert isinstance(node.func, ast.Name)
    texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
    places = frozenset(str(one.arg) for one in node.keywords)
    if node.func.id == "say":
        where = f"{shown(path)}:{node.lineno}"
        assert texts, f"{where}: not a sentence as it stands"
        yield Sentence(str(texts[0]), places)
    if node.func.id == "say_number" and len(texts) > 1:
        yield Sentence(str(texts[0]), places | {"number"}, str(texts[1]))
    if node.func.id == "count" and texts:
        one, several = count(1, str(texts[0])), count(2, str(texts[0]))
        yield Sentence(one.key, frozenset({"number"}), several.replace("2", "{number:,}", 1))


# ---------------------------------------------------------------- the catalogue


def lacking() -> list[str]:
    """The sentences that are said, and have no French."""
    french = written()
    return [key for key in said() if french.get(key, "") in ("", ("", ""))]


def written() -> dict[str, str | tuple[str, ...]]:
    """What the catalogue has, by key; "" where its French is missing."""
    with CATALOGUE.open("rb") as file:
        return {_first(one.id): _plain(one.string) for one in read_po(file) if one.id}


def _first(key: object) -> str:
    return key if isinstance(key, str) else str(key[0])  # type: ignore[index]


def _plain(text: object) -> str | tuple[str, ...]:
    if isinstance(text, str):
        return text
    return tuple(str(one) for one in text)  # type: ignore[attr-defined]


def catalogue(french: dict[str, str | tuple[str, ...]]) -> str:
    """The catalogue as it should be, with this French."""
    head = CATALOGUE.read_text("utf-8").partition("\n\n")[0]
    entries = [_entry(one, french.get(one.key, "")) for one in said().values()]
    return "\n\n".join([head, *entries]) + "\n"


def _entry(one: Sentence, french: str | tuple[str, ...]) -> str:
    lines = [f"#: {' '.join(one.files)}", f"msgid {_quoted(one.key)}"]
    if not one.several:
        return "\n".join([*lines, f"msgstr {_quoted(typeset(str(french)))}"])
    forms = french if isinstance(french, tuple) else ("", "")
    lines.append(f"msgid_plural {_quoted(one.several)}")
    lines += [f"msgstr[{index}] {_quoted(typeset(form))}" for index, form in enumerate(forms)]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return normalize(text, width=100)


def typeset(french: str) -> str:
    """French with its spaces and apostrophes; what stands in backticks is code."""
    parts = re.split("(`[^`]*`)", french)
    return "".join(
        one if index % 2 else _set(one, index + 1 < len(parts)) for index, one in enumerate(parts)
    )


def _set(text: str, before_code: bool) -> str:
    text = re.sub("[ \u00a0]([:;!?%»])", f"{THIN_SPACE}\\1", text).replace("« ", f"«{THIN_SPACE}")
    ends = "|$" if before_code else ""
    return re.sub(rf"(?<=[^\W\d_])'(?=[\w{{<«*[]{ends})", "’", text)


if __name__ == "__main__":
    CATALOGUE.write_text(catalogue(written()), "utf-8")
    print(f"{CATALOGUE.relative_to(ROOT)}: {len(lacking())} sentences without their French")
