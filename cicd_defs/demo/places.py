"""Where to look afterwards."""

from rich.console import Console


def tell_places(screen: Console) -> None:
    """Print the places in the Dagster UI, and the commands, that show what the demo has made."""
    screen.print(
        "\nLook at it     make ui, then http://127.0.0.1:3000\n"
        "  the line     Assets → View lineage: task → prompt → agent_run → pull_request → … → merge\n"
        "  a report     Assets → evaluation_report → a partition such as kettle-1-…\n"
        "  a decision   Assets → merge_decision → the same partition, with every reason\n"
        "  the runs     Runs: one for each head that was evaluated\n"
        "Or here        cicd pr show kettle 1, cicd task list, cicd decide show kettle 1\n"
        "The other side cicd pr approve kettle NUMBER --as ada",
        soft_wrap=True,
    )
