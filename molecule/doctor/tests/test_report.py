"""The report of a datacenter in which one host is broken: valid, whole, harmless, and what a browser shows."""

from __future__ import annotations

import re
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest

import lab

CHROMIUM = [
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr"),
]
SCRIPT = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Made while dnsmasq of node3 is stopped."""
    subprocess.run([lab.ROOT / "lab/chromium.sh"], check=True)
    file = tmp_path_factory.mktemp("report") / "report.html"
    host = lab.connect("node3")
    host.check_output("systemctl stop dnsmasq-consul")
    try:
        run = lab.play("servicedns.consul.report", "--extra-vars", f"report_output={file}", "--check")
    finally:
        host.check_output("systemctl start dnsmasq-consul")
    assert run.returncode == 0, run.stdout
    assert set(re.findall(r"changed=(\d+)", run.stdout)) == {"0"}
    yield file


def test_valid(report: Path) -> None:
    html5lib.HTMLParser(strict=True).parse(report.read_text())


def test_all_of_the_lab_is_there(report: Path) -> None:
    text = report.read_text()
    picture = text[text.index("<svg") : text.index("</svg>")]
    for part in ("node1", "node2", "node3", "LEADER", "192.168.109.4", "flapp1:5000", "flapp2:5001"):
        assert f">{part}<" in picture
    assert picture.count('class="card critical"') == 1
    assert "the service dnsmasq-consul is inactive" in text
    assert '<span class="tag broken"' in text
    assert re.search(r"<code>flapp1\.service\.consul</code> <span class=\"tag critical\">differs</span>", text)
    assert re.search(r"\d+ lookups: \d+\.\d+ to \d+\.\d+ ms, median \d+\.\d+ ms", text)
    assert "hashicorp/consul:1.22.7" in text


def test_nothing_of_the_catalog_runs(report: Path) -> None:
    text = report.read_text()
    assert "<script" not in text
    assert "&lt;script&gt;document.title=" in text, "it is shown"
    assert not re.findall(r"(?:src|href|url\()\s*[=(]?\s*[\"']?(?:https?:)?//", text)


class Count(socketserver.BaseRequestHandler):
    asked: list[bytes] = []

    def handle(self) -> None:
        self.asked.append(self.request.recv(200))


def test_opens_in_a_browser(report: Path, tmp_path: Path) -> None:
    """With a proxy before everything that it might load: nothing is asked for, no error, no script ran."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Count) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        arguments = [f"--proxy-server=127.0.0.1:{proxy.server_address[1]}", "--proxy-bypass-list=<-loopback>"]
        shown = {}
        for name, wanted in {
            "dom": ["--dump-dom"],
            "png": [f"--screenshot={tmp_path / 'phone.png'}", "--window-size=400,900"],
            "pdf": [f"--print-to-pdf={tmp_path / 'paper.pdf'}"],
        }.items():
            done = subprocess.run(
                [*CHROMIUM, *arguments, f"--user-data-dir={tmp_path / name}", *wanted, f"file://{report}"],
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            )
            assert "CONSOLE" not in done.stderr, done.stderr
            shown[name] = done.stdout
        proxy.shutdown()
    assert [line for line in Count.asked if b"google" not in line] == [], (
        "the browser's own questions are not the report's"
    )
    assert "<title>Consul dc1: " in shown["dom"]
    assert SCRIPT not in shown["dom"]
    assert (tmp_path / "phone.png").stat().st_size > 20000
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("file", ["/no/such/directory/report.html", "/tmp"])
def test_refused_before_any_host_is_touched(file: str) -> None:
    run = lab.play("servicedns.consul.report", "--extra-vars", f"report_output={file}")
    assert run.returncode == 2
    assert "report_output: " in run.stdout
    assert "Ask each hop" not in run.stdout
