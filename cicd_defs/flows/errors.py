"""The one family of errors that people can act on. Each says where, what, and what to do next."""


class CicdError(Exception):
    """Something that a person can put right."""
