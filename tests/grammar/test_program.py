import pytest

from logwatch_mx.grammar.program import read_tag
from logwatch_mx.model.event import Mta

POSTFIX, SENDMAIL = Mta.POSTFIX, Mta.SENDMAIL


@pytest.mark.parametrize(
    ("tag", "mta", "agent"),
    [
        ("postfix/smtp", POSTFIX, "smtp"),
        ("postfix", POSTFIX, "postfix"),
        ("Postfix/SMTP", POSTFIX, "smtp"),
        ("postfix/submission/smtpd", POSTFIX, "smtpd"),
        ("postfix/10025/smtpd", POSTFIX, "smtpd"),
        ("postfix-10.20.30.40/smtp", POSTFIX, "smtp"),
        ("postfix-incoming/smtpd", POSTFIX, "smtpd"),
        ("postfix/sendmail", POSTFIX, "sendmail"),  # Postfix's own sendmail command
        ("mta2/smtp", POSTFIX, "smtp"),  # an instance with its own syslog_name
        ("sendmail", SENDMAIL, "sendmail"),
        ("/usr/sbin/sendmail", SENDMAIL, "sendmail"),
        ("sendmail-in", SENDMAIL, "sendmail-in"),
        ("sm-mta", SENDMAIL, "sm-mta"),
        ("sm-msp-queue", SENDMAIL, "sm-msp-queue"),
        ("sm-acceptingconnections", SENDMAIL, "sm-acceptingconnections"),
        ("sm-que", SENDMAIL, "sm-que"),
        ("sm-notify", None, "sm-notify"),  # NFS
        ("smtp", None, "smtp"),
        ("lightmeter/headers", None, "headers"),
        ("process/daemon/with/slash", None, "slash"),
        ("dovecot", None, "dovecot"),
        ("cyrus/lmtp", None, "lmtp"),  # not Postfix' lmtp(8)
        ("postfix/policy-spf", None, "policy-spf"),
        ("postfix-policyd", None, "postfix-policyd"),
        ("cyrus/master", None, "master"),
        ("/", None, ""),
        ("", None, ""),
    ],
)
def test_a_tag_names_the_mta_and_its_daemon(tag, mta, agent):
    assert read_tag(tag) == (mta, agent)
