"""What was not handed on as it stood, counted: nothing is left out in silence."""

from msgspec import Struct


class Losses(Struct):
    """Running counts of one source; the caller owns it and hands it to whoever may lose something.

    *nulls*: NUL bytes dropped from the beginning of lines (the hole that ``copytruncate`` leaves
    under a writer without O_APPEND). *holes*: places behind a log's first line where NULs stand: a
    power failure came before what was written there was on the disk. *long_lines*, *cut*: lines
    above ``MAX_LINE`` and the bytes dropped from their ends. *torn*: last lines whose newline never
    came. *outside*: queue ids that the look-back did not find while there was more log than its
    reach. *truncated*: files that became shorter under us; *uncopied*: those of which there is no
    copy: what had not been read of them is lost. *vanished*: files that were gone before they were
    read to their end. *refused*: attempts at opening a file that the operating system denied.
    *missing*: attempts at a file that was not there. *damaged*: archives that broke off.
    *restarts*: times that a program which we read from was started again. *dropped*: datagrams that
    had no room, entries of the journal that could not be read.
    """

    nulls: int = 0
    holes: int = 0
    long_lines: int = 0
    cut: int = 0
    torn: int = 0
    outside: int = 0
    truncated: int = 0
    uncopied: int = 0
    vanished: int = 0
    refused: int = 0
    missing: int = 0
    damaged: int = 0
    restarts: int = 0
    dropped: int = 0
