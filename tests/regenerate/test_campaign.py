"""Many edits, one after another: generated again by the same declaration, and by a changed one."""

import os
import random
from collections import Counter

import pytest
import yaml

from cicd_defs.render.files import GeneratedFile
from cicd_defs.render.regenerate import Regenerated, regenerate
from tests.regenerate.bumps import bumped
from tests.regenerate.edits import Edited, edits_of
from tests.regenerate.states import CHANGES, DECLARED, chosen, generated

YAML_KINDS = ("workflow", "precommit", "taskfile", "compose", "dependabot")
SHORT, LONG = 100, 1_000
FILES: dict[str, list[tuple[str, GeneratedFile]]] = {}
for _case in DECLARED:
    for _file in generated(_case):
        FILES.setdefault(_file.kind, []).append((_case, _file))


def tree(result: Regenerated) -> dict[str, str]:
    return {file.path: file.text for file in result.files}


def some_file(order: random.Random) -> tuple[str, GeneratedFile]:
    """A declaration and one of its files: workflows as often as all other kinds together."""
    kind = "workflow" if order.random() < 0.5 else order.choice(sorted(FILES))
    return order.choice(FILES[kind])


def edited_file(order: random.Random, number: int) -> tuple[str, GeneratedFile, str, Edited]:
    """A golden file and an edit to it that can be made there."""
    while True:
        case, file = some_file(order)
        edit = order.choice(edits_of(file.kind))
        edited = edit(order, file.text, f"mine{number:05d}")
        if edited is not None and edited.text != file.text:
            return case, file, edit.__name__, edited


def again(file: GeneratedFile, present: dict[str, str], **choices: tuple[str, ...]) -> Regenerated:
    return regenerate([file], present, **choices)


def campaign(edits: int, seed: int) -> Counter[str]:
    """Make so many edits, generate again each time, and count what came of them."""
    order = random.Random(seed)
    told: Counter[str] = Counter()
    for number in range(edits):
        case, file, name, edited = edited_file(order, number)
        what = f"{name} in {case}/{file.path}"
        present = {**tree(again(file, {})), file.path: edited.text}
        survives_unchanged(file, present, what)
        change = order.choice(telling(case, file))
        later = chosen(case, change, file.path)
        if later is None:
            told["no longer generated"] += 1
            no_longer_wanted(file, present, what)
        else:
            text = "same text" if later == file else "new text"
            told[f"{text}: {outcome(later, present, edited, f'{what}, {change}')}"] += 1
    return told


def telling(case: str, file: GeneratedFile) -> list[str]:
    """The changes that this file is generated differently for; all of them where there is none."""
    return [change for change in CHANGES if chosen(case, change, file.path) != file] or list(CHANGES)


def survives_unchanged(file: GeneratedFile, present: dict[str, str], what: str) -> None:
    """The same declaration: nothing changes, and nothing is in conflict."""
    result = again(file, present)
    assert result.conflicts == (), what
    assert tree(result) == present, what
    assert result.kept or what.startswith(("words_around", "blank_lines")), what


def no_longer_wanted(file: GeneratedFile, present: dict[str, str], what: str) -> None:
    """A file that is no longer generated stays where people changed it; blank lines are no reason."""
    result = regenerate([], present)
    if result.removed == ():
        assert result.conflicts[0].current == present[file.path], what
    else:
        assert not again(file, present).kept or what.startswith("blank_lines"), what


def outcome(later: GeneratedFile, present: dict[str, str], edited: Edited, what: str) -> str:
    """A changed declaration: the edit is there and the rest is the new text, or a conflict shows the edit."""
    result = again(later, present)
    text = tree(result)[later.path]
    readable(later, text, what)
    for token in (*edited.inserted, *edited.tokens):
        assert token.strip() in text, what
    if result.conflicts:
        shown(later, present, result, edited, what)
        return "conflict"
    follows(later, text, edited, what)
    second = again(later, tree(result))
    assert (tree(second), second.conflicts) == (tree(result), ()), what
    return "survived"


def readable(file: GeneratedFile, text: str, what: str) -> None:
    assert is_readable(file, text), what


def is_readable(file: GeneratedFile, text: str) -> bool:
    if file.kind not in YAML_KINDS:
        return True
    try:
        return isinstance(yaml.load(text, Loader=yaml.CSafeLoader), dict)
    except yaml.YAMLError:
        return False


def follows(later: GeneratedFile, text: str, edited: Edited, what: str) -> None:
    """Without what was inserted, the text is the generated one; what was deleted is not in it."""
    if edited.inserted:
        for inserted in edited.inserted:
            text = text.replace(inserted.strip("\n"), "", 1)
        assert words(text) == words(later.text), what
    if edited.gone:
        assert text.count(edited.gone.strip()) < later.text.count(edited.gone.strip()) or (
            edited.gone.strip() not in later.text
        ), what


def words(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def shown(
    later: GeneratedFile, present: dict[str, str], result: Regenerated, edited: Edited, what: str
) -> None:
    """The file and its lock stay, both sides are shown, and each way to settle it works."""
    assert tree(result) == present, what
    for token in (*edited.inserted, *edited.tokens):
        assert any(token.strip() in conflict.current for conflict in result.conflicts), what
    for conflict in result.conflicts:
        assert conflict.current != conflict.generated, what
        assert conflict.line is None or conflict.current.split("\n")[0] in present[later.path], what
    ids = tuple(conflict.id for conflict in result.conflicts)
    kept = again(later, present, keep=ids)
    assert kept.conflicts == (), what
    readable(later, tree(kept)[later.path], what)
    for token in (*edited.inserted, *edited.tokens):
        assert token.strip() in tree(kept)[later.path], what
    second = again(later, tree(kept))
    assert (tree(second), second.conflicts) == (tree(kept), ()), what
    assert again(later, present, take=("all",)).conflicts == (), what


def several(rounds: int, seed: int) -> Counter[str]:
    """Make several edits to one file, generate again each time, and count what came of them."""
    order = random.Random(seed)
    told: Counter[str] = Counter()
    for number in range(rounds):
        case, file = some_file(order)
        text, tokens = edited_often(order, file, number)
        what = f"{len(tokens)} edits of round {number} in {case}/{file.path}"
        present = {**tree(again(file, {})), file.path: text}
        result = again(file, present)
        assert (result.conflicts, tree(result)) == ((), present), what
        later = chosen(case, order.choice(telling(case, file)), file.path)
        if later is not None:
            told[several_outcome(later, present, [token for token in tokens if token in text], what)] += 1
    return told


def edited_often(order: random.Random, file: GeneratedFile, number: int) -> tuple[str, list[str]]:
    text, tokens = file.text, []
    for position in range(order.randint(2, 8)):
        token = f"mine{number:05d}x{position}"
        edited = order.choice(edits_of(file.kind))(order, text, token)
        if edited is not None and is_readable(file, edited.text):  # one edit may not go with another
            text = edited.text
            tokens += [token] if token in text else []
    return text, tokens


def several_outcome(later: GeneratedFile, present: dict[str, str], tokens: list[str], what: str) -> str:
    result = again(later, present)
    if result.conflicts:
        assert tree(result) == present, what
        settled = again(later, present, keep=("all",))
    else:
        settled = result
    text = tree(settled)[later.path]
    readable(later, text, what)
    assert [token for token in tokens if token not in text] == [], what
    second = again(later, tree(settled))
    assert (tree(second), second.conflicts) == (tree(settled), ()), what
    return "conflict" if result.conflicts else "survived"


def bumps(count: int, seed: int) -> Counter[str]:
    """Let a bot come by until so many pins are kept. The rest is what is generated, and nothing is in conflict."""
    order = random.Random(seed)
    told: Counter[str] = Counter()
    while told["kept"] < count:
        case, file = some_file(order)
        moved = bumped(order, file.text)
        if moved is None:
            continue
        text, before, after = moved
        what = f"{after} in {case}/{file.path}"
        present = {**tree(again(file, {})), file.path: text}
        result = again(file, present)
        assert (result.conflicts, tree(result)) == ((), present), what
        assert {kept.what for kept in result.kept} == {"bumped"}, what
        later = chosen(case, order.choice(telling(case, file)), file.path)
        if later is None:
            assert file.path in regenerate([], present).removed, what
            told["no longer generated"] += 1
        else:
            told[bump_outcome(later, present, before, after, what)] += 1
    return told


def bump_outcome(later: GeneratedFile, present: dict[str, str], before: str, after: str, what: str) -> str:
    result = again(later, present)
    assert result.conflicts == (), what
    text = tree(result)[later.path]
    assert text.replace(after, before) == later.text, what
    assert (after in text) == (before in later.text) or "bumped" not in {kept.what for kept in result.kept}, (
        what
    )
    second = again(later, tree(result))
    assert tree(second) == tree(result), what
    return "kept" if after in text else "the pinned element is no longer generated"


def test_no_edit_is_lost():
    told = campaign(SHORT, seed=1)
    assert sum(told.values()) == SHORT
    assert told["new text: survived"] > told["new text: conflict"]


def test_no_edit_is_lost_among_several():
    assert several(20, seed=3)["survived"] > 0


def test_no_bump_is_lost():
    assert bumps(40, seed=4)["kept"] == 40


@pytest.mark.soak
@pytest.mark.skipif("CICD_SOAK" not in os.environ, reason="the long form runs in `make soak`")
def test_none_of_many_is_lost(capsys):
    told = {
        f"{LONG} edits by hand": campaign(LONG, seed=2),
        f"{LONG // 4} files with several edits": several(LONG // 4, seed=5),
        "200 bumps by bots": bumps(200, seed=6),
    }
    with capsys.disabled():
        for name, counts in told.items():
            print(f"\n{name}: {dict(counts)}", end="")
    assert told[f"{LONG} edits by hand"].total() == LONG
    assert told["200 bumps by bots"]["kept"] == 200
