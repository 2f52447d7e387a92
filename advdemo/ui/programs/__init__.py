"""The programs that "Show me the code" shows, as pieces of plain Python that the page puts together (web/code/).

A piece is a file. What a visitor chooses stands in it as an assignment, `index = 63`, in which the page replaces the
value. `# {lenet}` is a comment in the visitor's language, `code.note_lenet` of the words. An attack is
`attack(network, x, y, epsilon, targeted=False)` for N images: in attacks/ by hand, in toolkit/ with ART or
torchattacks. One that has no file in attacks/ is called from the package; one that has none in toolkit/ is not offered
with a toolkit, and `# {none}` there says that neither has it.
"""

import re
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parent
OURS = re.compile(rf"from {re.escape(__name__)}\.(\S+) import .*")


def read_pieces() -> dict[str, dict[str, Any]]:
    """Each piece by its path, "attacks/fgsm": {"imports": lines, "needs": the pieces that it imports, "code"}."""
    return {
        path.relative_to(PROGRAMS).with_suffix("").as_posix(): split(path.read_text(encoding="utf-8"))
        for path in sorted(PROGRAMS.rglob("*.py"))
        if path.name != "__init__.py"
    }


def split(source: str) -> dict[str, Any]:
    """A piece of `read_pieces`."""
    imports = re.findall(r"^(?:from|import) .*", source, re.MULTILINE)
    needs = [found[1].replace(".", "/") for line in imports if (found := OURS.fullmatch(line))]
    code = re.sub(r"^(?:from|import) .*\n", "", source, flags=re.MULTILINE)
    return {
        "imports": [line for line in imports if not OURS.fullmatch(line)],
        "needs": needs,
        "code": re.sub(r"\n{3,}", "\n\n", code).strip(),
    }
