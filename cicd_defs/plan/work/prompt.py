"""What the prompt of a task holds, and why: the task, the code that it concerns, and what its work is measured by."""

from collections.abc import Sequence
from typing import Any, Literal

from cicd_defs.facts.records.work import Task
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.value import Value
from cicd_defs.plan.local import CI_KINDS, script_of
from cicd_defs.plan.pipeline import LocalCommand
from cicd_defs.plan.work.manifests import Excerpt, dependency_excerpts
from cicd_defs.plan.work.relevance import Relevance, RelevantFile, joined, relevant_files, words_of
from cicd_defs.spec.model import Project

Style = Literal["comprehensive", "concise"]

ROOM: dict[Style, tuple[int, int]] = {"comprehensive": (12, 48_000), "concise": (4, 12_000)}
"""Style to the files that a prompt shows at most, and the characters of them in all."""


class CheckCommand(Value):
    """A command that the project's own CI runs over every change, as a script from the repository's top."""

    kind: str
    component: str
    script: str


class PromptPlan(Value):
    """Everything that a prompt says. What a flag leaves out is empty; `flags` has all three by name."""

    task_key: str
    project: str
    title: str
    description: str
    requirements: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    style: Style = "comprehensive"
    base: str
    flags: dict[str, bool]
    code: Relevance | None = None
    dependencies: tuple[Excerpt, ...] = ()
    acceptance_criteria: tuple[str, ...] = ()
    checks: tuple[CheckCommand, ...] = ()

    @property
    def files(self) -> tuple[RelevantFile, ...]:
        """The files that are shown."""
        return self.code.files if self.code else ()

    @property
    def context_used(self) -> dict[str, Any]:
        """Exactly what went in, as JSON: flags, files with their digests, manifests, checks, and counts."""
        code = self.code or Relevance()
        return {
            "base": self.base,
            "style": self.style,
            "flags": self.flags,
            "files": [file.model_dump(mode="json", exclude={"text"}) for file in self.files],
            "dependencies": [excerpt.path for excerpt in self.dependencies],
            "checks": [f"{check.kind} {check.component}" for check in self.checks],
            "counts": {
                "files": len(self.files),
                "characters": sum(len(file.text) for file in self.files),
                "files_considered": code.considered,
                "files_left_out": code.left_out,
                "secrets_kept_back": code.secret,
                "dependencies": len(self.dependencies),
                "checks": len(self.checks),
                "requirements": len(self.requirements),
                "acceptance_criteria": len(self.acceptance_criteria),
            },
        }


def plan_prompt(
    task: Task, project: Project, tree: Tree, checks: Sequence[LocalCommand], base: str, *, hints: str = ""
) -> PromptPlan:
    """The prompt of a task on a project whose files are `tree`, at the commit `base`.

    `checks` are the pipeline's local commands. `hints` is more text whose words lead to files: what a failure said.
    """
    agent = project.agent
    measured = agent.include_validation_criteria
    return PromptPlan(
        task_key=task.key,
        project=project.name,
        title=task.title,
        description=task.description,
        requirements=task.requirements,
        lacks=task.lacks,
        style=agent.prompt_style,
        base=base,
        flags={
            "include_codebase_context": agent.include_codebase_context,
            "include_dependencies": agent.include_dependencies,
            "include_validation_criteria": measured,
        },
        code=_code(task, tree, agent.prompt_style, hints) if agent.include_codebase_context else None,
        dependencies=dependency_excerpts(tree) if agent.include_dependencies else (),
        acceptance_criteria=task.acceptance_criteria if measured else (),
        checks=_checks(checks) if measured else (),
    )


def _code(task: Task, tree: Tree, style: Style, hints: str) -> Relevance:
    said = (task.title, task.description, *task.requirements, *task.acceptance_criteria, hints)
    return relevant_files(tree, words_of(joined(said)), *ROOM[style])


def _checks(commands: Sequence[LocalCommand]) -> tuple[CheckCommand, ...]:
    """What CI runs of every change. The variables that it sets are left out: their values are nothing for an agent."""
    return tuple(
        CheckCommand(
            kind=command.kind.value,
            component=command.component,
            script=script_of(command.path, {}, command.run),
        )
        for command in commands
        if command.kind.value in CI_KINDS
    )
