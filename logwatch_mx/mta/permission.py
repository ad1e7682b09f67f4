"""Who may do what to a file: the directories on the way to it, mode bits, and a user's groups.

``access(2)`` answers for whoever runs ``doctor``, who is root; the daemon is somebody else.
"""

import os
import stat
from enum import IntFlag
from pathlib import Path

from msgspec import Struct


class Want(IntFlag):
    """The bits of one class of a mode."""

    ENTER = 1
    WRITE = 2
    READ = 4


class Who(Struct, frozen=True, kw_only=True):
    """A user, by number, and all groups."""

    name: str
    uid: int
    groups: frozenset[int]


class Node(Struct, frozen=True, kw_only=True):
    """One directory or file on a path, links followed. *acl*: it has an access list beyond mode."""

    path: str
    mode: int
    uid: int
    gid: int
    acl: bool = False


class Nodes(Struct, frozen=True, kw_only=True):
    """The way to a path, from the root down, as far as it exists; *fault*: why it ends early."""

    path: str
    way: tuple[Node, ...]
    fault: str | None = None

    @property
    def found(self) -> bool:
        """Return whether the path itself is there."""
        return self.fault is None

    @property
    def last(self) -> Node:
        """Return what the path is, or the last directory that exists on the way."""
        return self.way[-1]


#: The mail server's own user, who is in no group of ours.
STRANGER = Who(name="others", uid=-1, groups=frozenset())


def look(path: Path) -> Nodes:
    """Return what is on the way to *path* now."""
    way: list[Node] = []
    absolute = path.absolute()
    for each in (*reversed(absolute.parents), absolute):
        try:
            about = each.stat()
        except OSError as error:
            return Nodes(path=str(path), way=tuple(way), fault=error.strerror or str(error))
        way.append(
            Node(
                path=str(each),
                mode=about.st_mode,
                uid=about.st_uid,
                gid=about.st_gid,
                acl=_has_acl(each),
            )
        )
    return Nodes(path=str(path), way=tuple(way))


def why_not(nodes: Nodes, who: Who, want: Want) -> str | None:
    """Return in words what keeps *who* from *want*-ing the path, or None."""
    for node in nodes.way[:-1] if nodes.found else nodes.way:
        if not may(node, who, Want.ENTER):
            return f"{node.path} ({shown(node)}) may not be entered by {who.name}"
    if not nodes.found:
        return f"{nodes.path}: {nodes.fault}"
    if not may(nodes.last, who, want):
        verb = "written" if want & Want.WRITE else "read"
        return f"{nodes.path} ({shown(nodes.last)}) may not be {verb} by {who.name}"
    return None


def may(node: Node, who: Who, want: Want) -> bool:
    """Return whether the mode lets *who* do *want*; an access list that might is believed."""
    if who.uid == 0:
        return True
    if who.uid == node.uid:
        bits = node.mode >> 6
    elif node.gid in who.groups or node.acl:
        # With an access list the group bits are its mask: the most that anybody named gets.
        bits = node.mode >> 3
    else:
        bits = node.mode
    return want & bits == want


def shown(node: Node) -> str:
    """Return the node's mode and owner as ls prints them, owners by number."""
    return f"{stat.filemode(node.mode)} {node.uid}:{node.gid}"


def _has_acl(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, "system.posix_acl_access"))
    except OSError:
        return False
