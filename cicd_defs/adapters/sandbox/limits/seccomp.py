"""The filter of system calls that a sandboxed program has: a small BPF program, made here.

Calls that ordinary builds do not need, and through which kernels have been taken over, answer "not permitted". Programs
of another processor's kind (32 bit too) are ended. Of sockets there are those of files, IPv4, IPv6 and netlink: the
others (a virtual machine's to its host among them) are not held by a network namespace.
"""

import struct
from collections.abc import Iterable, Sequence

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _NOT_PERMITTED, _NO_SUCH_FAMILY = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050061
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_X32 = 0x40000000
_FAMILIES = (1, 2, 10, 16)
_TERMINAL_INPUT = (0x5412, 0x541C)
"""ioctl: TIOCSTI and TIOCLINUX, which type on the terminal of whoever started us."""

_DENIED = {  # name: (x86_64, aarch64); None: not there
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "query_module": (178, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "set_mempolicy": (238, 237),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_SOCKETS = {"x86_64": (41, 53), "aarch64": (198, 199)}
_IOCTL = {"x86_64": 16, "aarch64": 29}
MACHINES = ("x86_64", "aarch64")
"""The kinds of machine that there is a filter for."""


def filter_for(machine: str) -> bytes:
    """The filter for a machine as `uname -m` names it. Raises `ValueError` for one that there is none for."""
    if machine not in MACHINES:
        raise ValueError(f"There is no filter of system calls for {machine}, only for {', '.join(MACHINES)}.")
    column = MACHINES.index(machine)
    denied = [number for numbers in _DENIED.values() if (number := numbers[column]) is not None]
    return b"".join(
        [
            _one(_LOAD, _ARCHITECTURE),
            _one(_JUMP_EQUAL, (_X86_64, _AARCH64)[column], 1, 0),
            _one(_RETURN, _KILL),
            _one(_LOAD, _NUMBER),
            *([_one(_JUMP_AT_LEAST, _X32, 0, 1), _one(_RETURN, _KILL)] if machine == "x86_64" else []),
            *_refused(denied),
            *_sockets(_SOCKETS[machine]),
            *_ioctl(_IOCTL[machine]),
            _one(_RETURN, _ALLOW),
        ]
    )


def _one(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """An instruction; `yes` and `no` are how many are jumped over."""
    return struct.pack("=HBBI", code, yes, no, value)


def _refused(numbers: Iterable[int]) -> list[bytes]:
    found = []
    for number in numbers:
        found += [_one(_JUMP_EQUAL, number, 0, 1), _one(_RETURN, _NOT_PERMITTED)]
    return found


def _sockets(numbers: Sequence[int]) -> list[bytes]:
    """Sockets of the families that we know; asked of the call's number, which is loaded again behind it."""
    inside = [_one(_LOAD, _FIRST_ARGUMENT)]
    for at, family in enumerate(_FAMILIES):
        inside.append(_one(_JUMP_EQUAL, family, len(_FAMILIES) - at, 0))
    inside += [_one(_RETURN, _NO_SUCH_FAMILY), _one(_LOAD, _NUMBER)]
    return [_one(_JUMP_EQUAL, numbers[0], 1, 0), _one(_JUMP_EQUAL, numbers[1], 0, len(inside)), *inside]


def _ioctl(number: int) -> list[bytes]:
    inside = [_one(_LOAD, _SECOND_ARGUMENT), *_refused(_TERMINAL_INPUT)]
    return [_one(_JUMP_EQUAL, number, 0, len(inside)), *inside]
