"""Which map the daemon opens, and in which mode it makes or mends one."""

from logwatch_mx.app.daemon import open_maps
from logwatch_mx.config.settings import MtaSettings, Respond, Settings
from logwatch_mx.model.action import Verb
from logwatch_mx.model.event import Mta
from logwatch_mx.respond.postfix import PostfixMap
from logwatch_mx.respond.postmap import Postmap
from logwatch_mx.respond.route import Entry
from logwatch_mx.respond.transport import route_of

LEFT = Entry(domain="seaton.biz", verb=Verb.PAUSE, incident="loop/x", action="loop/x#pause")


def settings(folder, postmap, mode):
    respond = Respond(postfix_map=folder / "lib/transport", postmap=postmap)
    return Settings(mode=mode, mta=MtaSettings(flavour="postfix"), respond=respond)


def test_observe_mode_makes_no_map(tmp_path, postmap):
    maps = open_maps(settings(tmp_path, postmap, "observe"), log=print)
    assert list(maps) == [Mta.POSTFIX]
    assert list(tmp_path.iterdir()) == []


def test_observe_mode_ends_what_was_half_taken_back(tmp_path, postmap):
    path = tmp_path / "lib/transport"
    PostfixMap(path, postmap=postmap).mend()
    Postmap(postmap).put(path, "seaton.biz", route_of(LEFT))  # gone from the text, still live
    open_maps(settings(tmp_path, postmap, "observe"), log=print)
    assert Postmap(postmap).contents(path) == {}


def test_act_mode_makes_the_map_before_main_cf_may_name_it(tmp_path, postmap):
    open_maps(settings(tmp_path, postmap, "act"), log=print)
    names = sorted(path.name for path in (tmp_path / "lib").iterdir())
    assert names == ["transport", "transport.lmdb"]
