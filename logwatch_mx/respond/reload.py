"""Make a running Postfix read its tables anew; as root here, as anybody else through the helper."""

import os
from pathlib import Path

from logwatch_mx.errors import EffectError
from logwatch_mx.respond.helper_client import HelperClient
from logwatch_mx.respond.mail_program import last_words, run_program

#: What postfix-script says when there is nobody to be told; a map is read when Postfix starts.
_DOWN = "the Postfix mail system is not running"


def reload_postfix(postfix: str = "postfix") -> None:
    """Run ``postfix reload``, which needs root; a Postfix that is down needs none."""
    status, said, complaints = run_program([postfix, "reload"])
    if status and _DOWN not in said + complaints:
        # Without a terminal Postfix tells its reasons to the log alone.
        words = last_words(complaints or said, status)
        raise EffectError(f"postfix reload: {words}; see what postfix says in the mail log")


def ask_for_reload(helper: Path) -> None:
    """Have Postfix reloaded, by the helper at *helper* unless we are root."""
    if os.geteuid() == 0:
        reload_postfix()
    else:
        HelperClient(helper).reload()
