"""Mail providers that are never touched: their mail does not loop here.

Half of the world's mail goes to these. An answer of 127.0.0.1 for one of them comes from a filter,
a blocklist or a broken resolver, and pausing or discarding the mail would be an outage of our own.
"""

_DOMAINS = """
    126.com 139.com 163.com 1und1.de alice.it amazon.com amazonses.com aol.com apple.com arcor.de
    att.net bellsouth.net bigpond.com bluewin.ch btinternet.com centrum.cz charter.net comcast.net
    cox.net docomo.ne.jp duck.com earthlink.net email.com ezweb.ne.jp facebook.com fastmail.com
    fastmail.fm foxmail.com free.fr freenet.de github.com gmail.com google.com googlegroups.com
    googlemail.com hey.com hushmail.com icloud.com interia.pl juno.com kpnmail.nl laposte.net
    libero.it linkedin.com list.ru mac.com mail.com mail.ru mailbox.org mailgun.org me.com
    microsoft.com msn.com naver.com netscape.net o2.pl office365.com onet.pl online.de
    onmicrosoft.com optonline.net optusnet.com.au orange.fr pm.me posteo.de posteo.net proton.me
    protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com rogers.com
    runbox.com sbcglobal.net sendgrid.net seznam.cz sfr.fr shaw.ca sina.com sky.com sohu.com
    swisscom.ch sympatico.ca t-online.de telenet.be telstra.com terra.com.br tiscali.it tuta.com
    tutanota.com uol.com.br verizon.net virgilio.it virgin.net virginmedia.com wanadoo.fr web.de
    wp.pl xs4all.nl yandex.com yandex.ru yeah.net ymail.com ziggo.nl zoho.com zohomail.com
"""

#: Registrable domains; everything below them is protected too.
DOMAINS = frozenset(_DOMAINS.split())

#: Providers with one registrable domain a country: the label before any public suffix.
NAMES = frozenset({"gmx", "googlemail", "hotmail", "live", "outlook", "yahoo", "yandex", "zoho"})
