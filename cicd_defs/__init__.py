"""The map of the house.

Rooms think and import one way only, from right to left:

    render -> judge -> plan -> spec, facts

| room | question it answers |
|---|---|
| `spec` | what did people write? |
| `facts` | what does the world report? |
| `plan` | what should exist? |
| `judge` | may it go on? |
| `render` | how does it read? |

Files here at the root, and `definitions`, are doors: `cli` for people, `definitions` for Dagster. Beside this package
stand `assets` (what exists?), `resources` (with what?), `sensors` (when?) and `templates` (which words?).
"""
