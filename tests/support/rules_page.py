"""The pages of all rules of `check`: `python -m tests.support.rules_page` writes docs/rules.md and, from
the catalogue, docs/fr/rules.md; a test compares them with the rules.
"""

from __future__ import annotations

from orchestrator.domain.phrase import verbatim
from orchestrator.lint.project_check import RULES
from orchestrator.lint.rules import RuleTold
from orchestrator.translations.catalogue import ENGLISH, Catalogue, catalogue_of
from tests.support.house import ROOT

PAGE, FRENCH_PAGE = ROOT / "docs/rules.md", ROOT / "docs/fr/rules.md"

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


_FRENCH_HEAD = """# Les règles de `check`

`parcours check` examine chaque fichier d’un projet et indique chaque faute avec son emplacement. Une *erreur* signifie que rien ne
tourne ; un *avertissement* est un conseil. Le nom d’une règle est le code de ses constats, avec `--json` aussi (`rule`).

Ce que vous avez vu et voulez garder se fait taire là où cela se trouve, avec la raison, à la fin de la ligne ou sur la ligne du
dessus :

```yaml
trigger:
  event: Gift Card Bought     # parcours: ignore[unknown-event] begins in May
```

Dans les modèles, cela s’écrit `{# parcours: ignore[insecure-link] the museum has no https #}` ; entre les lignes `---` d’un en-tête
et dans `parcours.toml`, `# …` comme en YAML. Un avertissement sur un fichier entier (ligne 1) se fait taire par un commentaire dans
ses premières lignes. Plusieurs règles se séparent par des virgules entre les crochets. Les erreurs ne se font pas taire. Un
commentaire sans raison, et un commentaire qui ne fait rien taire, sont eux-mêmes des avertissements.

"""


def write() -> str:
    """The page as it should be."""
    return f"{_HEAD}| rule | | why | how to mend |\n|---|---|---|---|\n{_rows(ENGLISH)}\n"


def write_french() -> str:
    """The same in French."""
    head = "| règle | | pourquoi | comment corriger |\n|---|---|---|---|"
    return f"{_FRENCH_HEAD}{head}\n{_rows(catalogue_of('fr'))}\n"


def _rows(catalogue: Catalogue) -> str:
    rules = sorted({rule.name: rule for rule in RULES}.values(), key=lambda one: one.name)
    return "\n".join(_row(rule, catalogue) for rule in rules)


def _row(rule: RuleTold, catalogue: Catalogue) -> str:
    french = {"error": "erreur", "warning": "avertissement"}
    severity = french[rule.severity] if catalogue.language == "fr" else rule.severity
    why, mend = (catalogue.tell(verbatim(text)) for text in (rule.why, rule.mend))
    cells = (f"`{rule.name}`", severity, why, mend)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(write(), "utf-8")
    FRENCH_PAGE.parent.mkdir(exist_ok=True)
    FRENCH_PAGE.write_text(write_french(), "utf-8")
