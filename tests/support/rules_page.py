"""The page of all rules of `check`: `python -m tests.support.rules_page` writes docs/rules.md; a test
compares it with the rules.
"""

from __future__ import annotations

from orchestrator.lint.project_check import RULES
from orchestrator.lint.rules import RuleTold
from tests.support.house import ROOT

PAGE = ROOT / "docs/rules.md"

_HEAD = """# The rules of `check`

`parcours check` looks at every file of a project and tells each fault with its place. An *error* means that nothing runs; a
*warning* is advice. The name of a rule is the code of its findings, with `--json` too (`rule`).

What you have seen and want to keep is silenced where it stands, with the reason, at the end of the line or on the line above:

```yaml
trigger:
  event: Gift Card Bought     # parcours: ignore[unknown-event] begins in May
```

In templates it is `{# parcours: ignore[insecure-link] the museum has no https #}`, between the `---` lines of a head and in
`parcours.toml` `# …` as in YAML. A warning about a file as a whole (line 1) is silenced by a comment among its first lines. Several
rules stand between the brackets with commas. Errors cannot be silenced. A comment without a reason, and one that silences
nothing, is a warning itself.

"""


def write() -> str:
    """The page as it should be."""
    rules = sorted({rule.name: rule for rule in RULES}.values(), key=lambda one: one.name)
    rows = "\n".join(_row(rule) for rule in rules)
    return f"{_HEAD}| rule | | why | how to mend |\n|---|---|---|---|\n{rows}\n"


def _row(rule: RuleTold) -> str:
    cells = (f"`{rule.name}`", rule.severity, rule.why, rule.mend)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(write(), "utf-8")
