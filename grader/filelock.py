"""A lock on an open file, which the system releases when the file is closed or its owner ends."""

import os
import sys

if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30  # what is locked cannot be read by others, so it is a byte after the end

    def hold(fd: int) -> None:
        """Lock the file for this process.

        Raises:
            BlockingIOError: another process holds it.
            OSError: this file system has no locks.
        """
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
        finally:
            os.lseek(fd, 0, os.SEEK_SET)

else:
    import fcntl

    def hold(fd: int) -> None:
        """Lock the file for this process.

        Raises:
            BlockingIOError: another process holds it.
            OSError: this file system has no locks.
        """
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
