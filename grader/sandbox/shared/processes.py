"""The children of this process, and adopting their orphans.  Linux only."""

import ctypes
import os

_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Be the parent of every descendant whose own parent ends, so that none escapes."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def children_of_this_process() -> list[int]:
    """The pids of this process's children, adopted ones and unreaped ones included."""
    children: list[int] = []
    # Read as bytes, here and below: the first text of an encoding imports it, which may no longer be possible.
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                children += map(int, file.read().split())
        except FileNotFoundError:  # a kernel without this file, or a thread that has just ended
            return _children_by_search()
    return children


def _children_by_search() -> list[int]:
    """The same from all processes there are: milliseconds instead of microseconds."""
    children = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # pid (name) state ppid ...; the name may hold spaces and parentheses
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid():
            children.append(int(pid))
    return children
