"""Findings of zizmor and hadolint as ours: under their own names, with their own weight, and with fixes of ours.

One file an audit, whose docstring is its manual, and whose `fix` mends what zizmor reports; the lists are in `zizmor`
and `hadolint`.
"""
