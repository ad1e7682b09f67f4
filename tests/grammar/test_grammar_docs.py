import re
from pathlib import Path

from logwatch_mx.grammar import compile as compiler

DOCS = Path(__file__).parents[2] / "docs" / "grammar.md"


def test_the_examples_of_the_documentation_run(capsys):
    namespace: dict[str, object] = {}
    blocks = re.findall(
        r"^```python\n(.*?)^```$", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    for block in blocks:
        exec(block, namespace)
    assert len(blocks) == 3
    assert capsys.readouterr().out == (
        r"postfix.parked: \d, \w, \s or \b means other alphabets too "
        "(write [0-9] or give re.ASCII): '\\\\d+'\n"
    )


def test_the_documentation_names_every_file_of_the_room():
    room = {path.name for path in Path(compiler.__file__).parent.glob("*.py")}
    dialects = {name for name in room if name.startswith(("postfix_", "sendmail_"))}
    named = set(re.findall(r"`(\w+\.py)`", DOCS.read_text("utf-8")))
    assert room - dialects - {"__init__.py", "kind.py", "choice.py"} <= named
