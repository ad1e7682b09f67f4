"""Who lives at which address: the mail server, the hosts outside, and how each of them behaves.

The addresses look like the real world's and exist only between two network namespaces that have
no way out. Documentation networks are left to the spammer: a verdict calls them unroutable.
"""

MX_ADDRESS = "93.184.216.10"
MX_NAME = "mx.example.net"
OWN_DOMAIN = "example.net"
INNER_DOMAIN = "inner.example.net"  # relayed to a host that knows its users only at RCPT
INNER_ADDRESS = "10.1.0.30"
USERS = ("alice", "bob", "carol")
SPAMMER = "192.0.2.7"
OFFICE = ("10.1.0.51", "10.1.0.52", "10.1.0.53")
ISP = "93.184.216.41"
GATEWAY = "93.184.216.1"
NAME_SERVER = "10.1.0.2"
SECOND_NAME_SERVER = "10.1.0.3"
HEALTHY = ("oak", "birch", "cedar", "hazel", "rowan", "willow")

# How the SMTP host at an address answers (see outside.py). Nobody listens on 93.184.216.35.
HOSTS = {
    **{f"93.184.216.{n}": "accept" for n in range(21, 29)},
    "93.184.216.31": "grey",
    "93.184.216.32": "busy",
    "93.184.216.33": "strict",
    "93.184.216.34": "hang",
    INNER_ADDRESS: "inner",
}
OUTSIDE = (GATEWAY, NAME_SERVER, SECOND_NAME_SERVER, SPAMMER, ISP, "93.184.216.35", *OFFICE, *HOSTS)
SILENT = ("silent.test",)
BROKEN = ("servfail.test", "mail.servfail.test")
