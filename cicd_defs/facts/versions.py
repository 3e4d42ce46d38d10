"""Which versions of a runtime a manifest's words admit, as a concrete ascending matrix.

What is known of the world's releases is written here and dated: 2026-11.
"""

import re

from cicd_defs.facts.survey import Survey

PYTHON_MINORS = tuple(f"3.{minor}" for minor in range(8, 15))
PYTHON_MAINTAINED = tuple(f"3.{minor}" for minor in range(10, 15))
NODE_MAJORS = tuple(str(major) for major in range(14, 28))
NODE_LONG_TERM = ("22", "24", "26")
JAVA_LONG_TERM = ("8", "11", "17", "21", "25")

_PYTHON_CLAUSE = re.compile(r"(===?|~=|!=|>=|<=|>|<|\^|~)?\s*(\d+)(?:\.(\d+|\*))?[\w.*+-]*")
_NODE_CLAUSE = re.compile(r"(>=|<=|>|<|\^|~|=)?\s*v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?[\w.+-]*")
_HYPHEN = re.compile(r"v?(\d+)[\d.]*\s+-\s+v?(\d+)[\d.]*")


def python_versions(requires: str) -> tuple[str, ...]:
    """The known Python minors that a `requires-python` (or Poetry's caret form) admits; empty where it says nothing."""
    alternatives = [_PYTHON_CLAUSE.findall(part) for part in re.split(r"\|\|?", requires[:200])]
    clauses = [one for one in alternatives if one]
    if not clauses:
        return ()
    admitted = (v for v in PYTHON_MINORS if any(all(_admits(c, v) for c in one) for one in clauses))
    return _maintained_if_any(tuple(admitted), PYTHON_MAINTAINED)


def _admits(clause: tuple[str, str, str], version: str) -> bool:
    operator, major, minor = clause
    have = int(version.partition(".")[2])
    if int(major[:6]) != 3:
        return operator in ("<", "<=", "!=") if int(major[:6]) > 3 else operator in (">=", ">", "!=")
    if not minor or minor == "*":
        return operator not in ("<", ">", "!=")
    want = int(minor[:6])
    if operator in (">=", "~=", "^"):
        return have >= want
    if operator == "<":
        return have < want
    if operator == "<=":
        return have <= want
    if operator == ">":
        return have > want
    return True if operator == "!=" else have == want


def _maintained_if_any(versions: tuple[str, ...], maintained: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(version for version in versions if version in maintained) or versions[-1:]


def node_versions(engines: str) -> tuple[str, ...]:
    """The Node majors to test for an `engines.node` range: long-term ones, else the newest that it admits."""
    admitted = tuple(major for major in NODE_MAJORS if _node_admits(engines[:200], int(major)))
    return _maintained_if_any(admitted, NODE_LONG_TERM)


def _node_admits(engines: str, major: int) -> bool:
    return any(_node_alternative_admits(part.strip(), major) for part in engines.split("||") if part.strip())


def _node_alternative_admits(part: str, major: int) -> bool:
    if hyphen := _HYPHEN.fullmatch(part):
        return int(hyphen[1][:6]) <= major <= int(hyphen[2][:6])
    clauses = _NODE_CLAUSE.findall(part)
    return bool(clauses) and all(_node_clause_admits(clause, major) for clause in clauses)


def _node_clause_admits(clause: tuple[str, str, str, str], major: int) -> bool:
    operator, want, minor, patch = clause
    bound = int(want[:6])
    if operator == ">=":
        return major >= bound
    if operator == ">":
        return major > bound or (major == bound and minor.isdigit())
    if operator == "<":
        return major < bound or (
            major == bound and any(part not in ("", "0", "x", "*") for part in (minor, patch))
        )
    if operator == "<=":
        return major <= bound
    return major == bound


def ascending(versions: set[str]) -> tuple[str, ...]:
    """Dotted versions in numerical order."""
    return tuple(
        sorted(versions, key=lambda version: [int(part) for part in re.findall(r"\d{1,9}", version)])
    )


def ci_versions(survey: Survey, key: str, form: str) -> tuple[str, ...]:
    """The versions in this form that the CI files give for a key such as `java-version`, matrix lists included."""
    return survey.once(f"versions {key} {form}", lambda: _versions_in_ci(survey, key, form))


def _versions_in_ci(survey: Survey, key: str, form: str) -> tuple[str, ...]:
    found: set[str] = set()
    inline = re.compile(rf"^[ \t-]*{key}:[ \t]*(.+)$", re.MULTILINE)
    listed = re.compile(rf"^[ \t-]*{key}:[ \t]*\n((?:[ \t]*-[^\n]*\n){{1,20}})", re.MULTILINE)
    for path in survey.ci_files:
        text = survey.text(path)
        for value in (*inline.findall(text), *listed.findall(text)):
            if "${{" not in value:
                found |= set(re.findall(rf"(?<![\w.])({form})(?![\w.])", value))
    return ascending(found)
