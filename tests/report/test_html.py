import re
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from logwatch_mx.model.incident import Counts, IncidentKind
from logwatch_mx.report.charts import draw_numbers, draw_time
from logwatch_mx.report.html import render_html, write_html

SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """What a browser would find in a page: elements, attributes, text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.inside = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.inside.append(tag)

    def handle_data(self, data):
        if self.inside[-1:] != ["style"]:
            self.words.append(data)

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def many(loop, count):
    return [
        structs.replace(
            loop,
            id=f"loop/d{n}.example",
            subject=f"d{n}.example",
            kind=list(IncidentKind)[n % 5],
            opened=loop.opened + timedelta(hours=n),
            first=loop.first + timedelta(hours=n),
            last=loop.last + timedelta(hours=n),
            counts=Counts(events=n + 1, messages=n),
        )
        for n in range(count)
    ]


def test_a_report_holds_every_incident_with_its_lines(loop, spike, tmp_path):
    out = tmp_path / "r.html"
    files = ["/var/log/maillog"]
    write_html(out, [loop, spike], files=files, lines=7811, first=loop.first, last=loop.last)
    page = Page(out.read_text(encoding="utf-8"))
    for words in (
        "7,811 lines, 2026-11-23 16:27:32 to 16:28:10 +00:00 /var/log/maillog",
        "1 mail loop 1 deferral spike 94 messages 1,275 lines of evidence",
        "Mail loop seaton.biz confirmed 2026-11-23 16:27:32 38 s 24 1,176",
        "DNS loopback: every exchanger is this machine itself: mail.seaton.biz 127.0.0.1 is",
        "The first and the last of its 1,176 lines of the log maillog:597 Nov 23 16:27:32 mx",
        "70 messages to 70 recipients put off within 1 min 24 s (99 lines)",
    ):
        assert words in page.text
    assert page.tags.count("section") == 2
    assert page.tags.count("svg") == 2


def test_an_empty_report_says_so():
    page = Page(render_html([]))
    assert "No incident: no mail loop and no deferral spike." in page.text
    assert "svg" not in page.tags


def test_links_of_the_summary_lead_to_the_incidents(loop):
    page = Page(render_html(many(loop, 30)))
    targets = {value for _, name, value in page.attributes if name == "id"}
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert len(links) == 30
    assert all(link.startswith("#") and link[1:] in targets for link in links)


def assert_harmless(text):
    page = Page(text)
    assert "script" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.lower().startswith("on")]
    outside = [
        (tag, name, value)
        for tag, name, value in page.attributes
        if name in {"href", "src", "srcset", "action", "data", "poster", "xlink:href", "style"}
        and not value.startswith("#")
    ]
    assert outside == [("link", "href", "data:,")]
    css = " ".join(re.findall(r"<style.*?</style>", text, re.DOTALL))
    assert not re.search(r"url\(|@import|expression", css)
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


@pytest.mark.parametrize("count", [1, 30])
def test_hostile_text_is_text(poisoned, count):
    files = [poisoned.subject] * 10
    text = render_html([poisoned] * count, files=files)
    assert_harmless(text)
    assert "<script>alert(1)</script>" in Page(text).text
    assert "{{7*7}}" in Page(text).text  # a template in the log is not run


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(subject=st.text(min_size=1))
def test_any_subject_is_harmless(loop, subject):
    assert_harmless(render_html([structs.replace(loop, subject=subject, advice=subject)]))


def test_two_reports_of_one_thing_are_the_same_to_the_byte(loop, spike):
    assert render_html([loop, spike]) == render_html([loop, spike])


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_few_incidents_each_have_a_bar_in_time(loop, spike):
    assert texts(draw_time([loop, spike])) == [
        "elm.example",
        "seaton.biz",
        "16:27:30",
        "16:28:00",
        "16:28:30",
        "16:29:00",
        "16:29:30",
        "16:30:00",
        "16:30:30",
        "16:31:00",
    ]


def test_many_incidents_are_counted_by_time(loop):
    svg = draw_time(many(loop, 25))
    assert {"Mail loop", "Forwarding loop", "Deferral spike", "Outage", "Rule"} < set(texts(svg))


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        (timedelta(0), "16:27:32", "16:27:33"),
        (timedelta(seconds=1), "16:27:32", "16:27:34"),
        (timedelta(minutes=5), "16:27", "16:33"),
        (timedelta(hours=5), "16:00", "22:00"),
        (timedelta(hours=9), "Nov 23 15:00", "Nov 24 03:00"),
        (timedelta(days=9), "Nov 22", "Dec 04"),
        (timedelta(days=40), "Nov 23", "Jan 04"),
        (timedelta(days=4000), "2026-09-21", "2039-04-18"),
    ],
)
def test_any_length_of_time_has_a_readable_axis(loop, span, first, last):
    subject, *marks = texts(draw_time([structs.replace(loop, last=loop.first + span)]))
    assert (subject, marks[0], marks[-1]) == ("seaton.biz", first, last)
    assert 2 <= len(marks) <= 9
    assert len(marks) == len(set(marks))


def test_incidents_of_one_moment_are_counted_in_one_bar(loop):
    assert texts(draw_time([loop] * 21))[-2:] == ["16:28:00", "Mail loop"]


def test_only_the_largest_are_compared(loop):
    names = [t for t in texts(draw_numbers(many(loop, 40))) if t.endswith(".example")]
    assert names == [f"d{n}.example" for n in range(30, 40)]


def test_a_folder_that_is_not_there_is_an_error_of_the_system(loop, tmp_path):
    with pytest.raises(FileNotFoundError):
        write_html(tmp_path / "no" / "r.html", [loop])
