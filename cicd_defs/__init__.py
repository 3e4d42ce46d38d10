"""The map of the house.

Imports point one way, from left to right:

    cli -> gateway -> assembly -> flows -> render -> judge -> plan -> spec, facts
                               -> adapters -> spec, facts

| room | question it answers |
|---|---|
| `spec` | what did people write? |
| `facts` | what does the world report? |
| `plan` | what should exist? |
| `judge` | may it go on? |
| `render` | how does it read? |
| `flows` | in which order? `protocols.py` names what flows need of the world |
| `adapters` | with what? Everything that touches the world |
| `gateway` | the door for GitHub and for clients |
| `cli` | the door for people |

`settings.py` is what an operator sets, `assembly.py` puts adapters together as it says. `definitions` are the doors for
Dagster, and `demo` what `make demo` shows. Beside this package are `assets` (what exists?), `resources` (Dagster's
handles), `sensors` (when?) and `templates` (which words?).
"""
