"""Where a finding of zizmor stands: its file as nodes, and the job and step that it is about."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.reported import Reported
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Sequence


@dataclass(frozen=True)
class Place:
    """What was reported, and the file that it was reported of. Files of other kinds are read as a workflow too.

    `alike` is everything that was reported of the same node by the same audit, `read` gives another workflow of the
    repository by its path, `text` the text of any of its files.
    """

    reported: Reported
    workflow: WrittenWorkflow
    alike: tuple[Reported, ...] = ()
    read: Callable[[str], WrittenWorkflow | None] = lambda _: None
    text: Callable[[str], str | None] = lambda _: None

    @property
    def source(self) -> Source:
        """The file."""
        return self.workflow.source

    @cached_property
    def node(self) -> Node | None:
        """The node that the route leads to."""
        return self.at(len(self.reported.route))

    def at(self, depth: int) -> Node | None:
        """The node that the first parts of the route lead to."""
        here: Node | None = self.workflow.root
        for part in self.reported.route[:depth]:
            if isinstance(here, Mapping) and isinstance(part, str):
                here = here.get(part)
            elif isinstance(here, Sequence) and isinstance(part, int) and part < len(here.items):
                here = here.items[part]
            else:
                return None
        return here

    @cached_property
    def job(self) -> WrittenJob | None:
        """The job; None where it is about no job, or about an action."""
        route = self.reported.route
        return self.workflow.by_id.get(str(route[1])) if len(route) > 1 and route[0] == "jobs" else None

    @cached_property
    def step(self) -> WrittenStep | None:
        """The step; None where it is about no step."""
        route = self.reported.route
        if "steps" not in route[:3]:
            return None
        node = self.at(route.index("steps") + 2)
        return _by_node(self.job or self.workflow).get(id(node))


@remembered
def _by_node(whole: WrittenJob | WrittenWorkflow) -> dict[int, WrittenStep]:
    """The steps by their nodes; where several have one, the first."""
    return {id(step.node): step for step in reversed(whole.steps)}
