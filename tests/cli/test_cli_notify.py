import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

SECRET = "t0psecret"


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture(params=[200, 500])
def server(request):
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.status, server.got = request.param, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_test_notice_tells_whether_it_arrived(spawn, server, tmp_path):
    toml = tmp_path / "c.toml"
    toml.write_text(f'[[notify]]\nurl = "json://x:{SECRET}@127.0.0.1:{server.server_port}/"\n')
    code, out, err = spawn("notify", "test", "--config", toml)
    assert [got["title"] for got in server.got] == ["logwatch-mx: test notice"]
    if server.status == 200:
        assert (code, out, err) == (0, "sent to 1 target\n", "")
    else:
        told = "logwatch-mx: notice not delivered to json://\u2026 (failure)\n"
        assert (code, out, err) == (75, "", told)
    assert SECRET not in out + err
