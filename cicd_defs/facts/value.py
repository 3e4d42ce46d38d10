"""What every value in the rooms is: frozen, complete, and readable back from JSON."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value. Unknown fields are refused, so that JSON from another version is noticed.

    What checks it is built when it is first needed: importing the rooms stays quick.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
