"""The filter, run by a small machine of its own that reads it as the kernel would."""

import struct

import pytest

from cicd_defs.adapters.sandbox.limits.seccomp import MACHINES, filter_for

ALLOW, KILL, EPERM, EAFNOSUPPORT = "allow", "kill", 1, 97
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(program, architecture, number, first=0, second=0):
    data = struct.pack("=IIQQQQQQQ", number, architecture, 0, first, second, 0, 0, 0, 0)
    lines = list(struct.iter_unpack("=HBBI", program))
    at = loaded = 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x20:
            loaded = struct.unpack_from("=I", data, value)[0]
        elif code == 0x15:
            at += yes if loaded == value else no
        elif code == 0x35:
            at += yes if loaded >= value else no
        else:
            assert code == 0x06
            return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(value, value & 0xFFFF)


@pytest.mark.parametrize(
    ("machine", "number", "first", "second", "expected"),
    [
        ("x86_64", 0, 0, 0, ALLOW),  # read
        ("x86_64", 59, 0, 0, ALLOW),  # execve
        ("x86_64", 56, 0, 0, ALLOW),  # clone
        ("x86_64", 101, 0, 0, EPERM),  # ptrace
        ("x86_64", 321, 0, 0, EPERM),  # bpf
        ("x86_64", 425, 0, 0, EPERM),  # io_uring_setup
        ("x86_64", 0x40000000, 0, 0, KILL),  # read, as x32 has it
        ("x86_64", 41, 1, 0, ALLOW),
        ("x86_64", 41, 2, 0, ALLOW),
        ("x86_64", 41, 10, 0, ALLOW),
        ("x86_64", 41, 16, 0, ALLOW),
        ("x86_64", 41, 40, 0, EAFNOSUPPORT),  # a virtual machine's socket to its host
        ("x86_64", 41, 38, 0, EAFNOSUPPORT),
        ("x86_64", 53, 40, 0, EAFNOSUPPORT),
        ("x86_64", 16, 0, 0x5412, EPERM),  # typing on the terminal
        ("x86_64", 16, 0, 0x5401, ALLOW),
        ("aarch64", 63, 0, 0, ALLOW),  # read
        ("aarch64", 117, 0, 0, EPERM),  # ptrace
        ("aarch64", 198, 40, 0, EAFNOSUPPORT),
        ("aarch64", 198, 2, 0, ALLOW),
        ("aarch64", 29, 0, 0x5412, EPERM),
        ("aarch64", 221, 0, 0, ALLOW),  # execve
    ],
)
def test_a_call_is_allowed_refused_or_ends_the_program(machine, number, first, second, expected):
    assert verdict(filter_for(machine), ARCHITECTURE[machine], number, first, second) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_processor_end_the_program(machine):
    assert verdict(filter_for(machine), 0x40000003, 3) == KILL


def test_there_is_no_filter_for_what_we_do_not_know():
    with pytest.raises(ValueError, match="no filter of system calls for riscv64"):
        filter_for("riscv64")
