#!/usr/bin/env python3
"""Runs the SDK suites against the binary given as argument. See README.md."""

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import languages  # noqa: E402
from sink import Sink  # noqa: E402
from upstream import Upstream  # noqa: E402

READY_TIMEOUT_S = 30
SUITE_TIMEOUT_S = 180
INSTALL_TIMEOUT_S = 600
NODE_SUITES = ("suite", "messages", "responses", "gemini", "frameworks")
CREDENTIALS = {"mine": "mine-credential-5f1c", "deepseek": "deepseek-credential-77ab"}

CONFIG = """\
egress_networks = ["127.0.0.0/8"]
otlp_endpoint = "{sink}"
mail_smtp = "smtp://127.0.0.1:{smtp_port}"

[providers.mine]
base_url = "{origin}/v1"
auth = "bearer"
speaks = ["openai-chat"]
credential = "env:MINE_KEY"

[providers.deepseek]
base_url = "{origin}/deepseek/v1"
credential = "env:DEEPSEEK_API_KEY"

# DeepSeek's rules at a host that speaks chat and nothing else.
[providers.agents]
base_url = "{origin}/agents/v1"
speaks = ["openai-chat"]
credential = "env:MINE_KEY"
quirks = ["max-tokens-only", "no-developer-role", "forced-tools-end-thinking", "reasoning-replayed"]

[models."agents/agent"]
context_tokens = 128000
output_tokens_max = 8192
reasoning = true
structured_output = false
price = {{ input = 0.14, output = 0.28 }}

[models."mine/small"]
upstream = "small-v2"
context_tokens = 128000
output_tokens_max = 8192
price = {{ input = 0.50, output = 1.50, cache_read = 0.05 }}

[models."mine/vectors"]
upstream = "vectors"

[models."mine/limited"]
upstream = "limited"

[models."mine/refused"]
upstream = "refused"

[models."mine/broken"]
upstream = "broken"
"""

# A row as people write one for a server of their own.
ENGINE_CONFIG = """\
[providers.engine]
base_url = "{origin}/v1"
speaks = ["openai-chat"]
credential = "env:MINE_KEY"
quirks = ["max-tokens-only"]

[models."engine/tiny"]
upstream = "{model}"
context_tokens = 2048
output_tokens_max = 512
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("binary", type=Path, help="the keyway binary")
    arguments.add_argument("--work", type=Path, default=HERE.parent / "target" / "sdk-tests", help="where the SDKs are installed")
    arguments.add_argument("--only", choices=["samples", "python", "node", "languages", "agents", "engine"], help="one suite alone")
    options = arguments.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    everything = options.only == "languages"
    suites = {"samples": samples, "python": python_suite, "node": node_suite, "agents": agents_suite,
              "languages": lambda keyway, work, tally: languages_suite(keyway, work, tally, everything)}
    if options.only == "engine":
        return engine(options.binary.resolve(), work)
    chosen = [options.only] if options.only else list(suites)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="keyway-sdk-") as folder:
        with Keyway(options.binary.resolve(), Path(folder)) as keyway:
            for name in chosen:
                print(f"-- {name}", flush=True)
                suites[name](keyway, work, tally)
            if chosen != ["languages"]:
                after(keyway, tally)
            if tally.failed:
                print("--- end of the server's stderr ---\n" + keyway.log()[-6000:], file=sys.stderr)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def line(self, line):
        """Counts a line of a suite; every line is shown."""
        print(line, flush=True)
        self.passed += line.startswith("ok ")
        self.failed += line.startswith("FAIL ")

    def check(self, name, truth, reason=""):
        self.line(f"ok {name}" if truth else f"FAIL {name}: {reason}")

    def suite(self, name, command, environment, folder):
        """Runs a suite; one that ends badly without saying why is a failure of its own."""
        try:
            done = subprocess.run(command, env=environment, cwd=folder, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SUITE_TIMEOUT_S)
        except subprocess.TimeoutExpired as late:
            return self.check(name, False, f"not done after {SUITE_TIMEOUT_S} s\n{late.output}")
        passed, failed = self.passed, self.failed
        for line in done.stdout.splitlines():
            self.line(line)
        said_why = self.failed > failed or (self.passed > passed and done.returncode == 0)
        if not said_why:
            self.check(name, False, f"the suite ended with {done.returncode}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Keyway:
    """The running server, its provider, and a key of each kind."""

    def __init__(self, binary, folder, config=CONFIG):
        self.binary, self.folder = binary, folder
        self.upstream = Upstream(CREDENTIALS)
        self.data = folder / "data"
        self.config = folder / "keyway.toml"
        self.sink = Sink(folder / "sink.jsonl")
        # Nobody listens there but the suite that reads mail.
        self.smtp_port = free_port()
        self.config.write_text(config.format(origin=self.upstream.origin, sink=self.sink.origin, smtp_port=self.smtp_port))
        self.stderr = open(folder / "stderr.log", "w+b")
        self.environment = {
            "PATH": os.environ["PATH"],
            "MINE_KEY": CREDENTIALS["mine"],
            "DEEPSEEK_API_KEY": CREDENTIALS["deepseek"],
        }

    def __enter__(self):
        address = f"127.0.0.1:{free_port()}"
        self.origin = f"http://{address}"
        self.process = subprocess.Popen(self.command("serve", "--listen", address), env=self.environment, cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.stderr)
        try:
            self.wait_ready()
            self.admin_key = self.cli("admin-key", "create", "--name", "a")["value"]
            self.key = self.cli("key", "create", "--name", "sdk")["value"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.upstream.shutdown()
        self.sink.shutdown()

    def command(self, *arguments):
        return [self.binary, *arguments, "--config", self.config, "--data-dir", self.data]

    def cli(self, *arguments):
        done = subprocess.run(self.command(*arguments, "--json"), env=self.environment, cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def wait_ready(self):
        until = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}\n{self.log()}")
            try:
                if urllib.request.urlopen(self.origin + "/readyz", timeout=2).status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"not ready after {READY_TIMEOUT_S} s\n{self.log()}")

    def log(self):
        return (self.folder / "stderr.log").read_text(errors="replace")

    def for_suites(self):
        """The environment of a suite: what its checks are about, and no proxy settings of the machine. Its
        limited key has one request a minute."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        limited = self.cli("key", "create", "--name", "limited", "--rpm", "1")["value"]
        return {**kept, "BASE_URL": self.origin, "KEY": self.key, "LIMITED_KEY": limited, "ADMIN_KEY": self.admin_key,
                "SMTP_PORT": str(self.smtp_port), "SINK": self.sink.origin, "SINK_LOG": str(self.sink.log), "PYTHONDONTWRITEBYTECODE": "1"}


def samples(keyway, _work, tally):
    """Every shell sample prints an answer that holds the provider's text."""
    for sample in sorted((HERE / "samples").glob("*.sh")):
        done = subprocess.run(["bash", sample], env=keyway.for_suites(), text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
        said = done.stdout + done.stderr
        tally.check(f"sample {sample.name}", done.returncode == 0 and "scripted" in done.stdout, said[-2000:])


def python_suite(keyway, work, tally):
    venv = python_with(HERE / "python" / "requirements.txt", work / "venv")
    folder = dotenv_folder(keyway, keyway.folder / "python")
    for name in ("suite", "responses", "messages", "gemini", "watch"):
        tally.suite(f"python {name}", [venv / "bin" / "python", HERE / "python" / f"{name}.py"], keyway.for_suites(), folder)


def python_with(wanted, venv):
    """A virtual environment with what a file of requirements names."""
    mark = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    stamp = venv / "installed"
    if not stamp.exists() or stamp.read_text() != mark:
        shutil.rmtree(venv, ignore_errors=True)
        install([sys.executable, "-m", "venv", venv])
        install([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])
        stamp.write_text(mark)
    return venv


def node_suite(keyway, work, tally):
    source = HERE / "node"
    folder = work / "node"
    folder.mkdir(exist_ok=True)
    npm_install(source, folder)
    for name in NODE_SUITES:
        shutil.copy(source / f"{name}.mjs", folder / f"{name}.mjs")
    dotenv_folder(keyway, folder)
    try:
        for name in NODE_SUITES:
            tally.suite(f"node {name}", ["node", f"{name}.mjs"], keyway.for_suites(), folder)
    finally:
        (folder / ".env").unlink()


def npm_install(source, folder):
    """Installs what a lock file names, unless it is there."""
    mark = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "installed"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder / name)
    if not stamp.exists() or stamp.read_text() != mark:
        install(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], folder)
        stamp.write_text(mark)


def agents_suite(keyway, work, tally):
    """Claude Code and Codex each do a task with tools, before a host that speaks chat alone and has DeepSeek's rules."""
    source, folder = HERE / "agents", work / "agents"
    folder.mkdir(exist_ok=True)
    npm_install(source, folder)
    claude = folder / "node_modules" / "@anthropic-ai" / "claude-code"
    if not (claude / "bin" / "installed").exists():
        install(["node", "install.cjs"], claude)
        (claude / "bin" / "installed").touch()
    for name in ("claude_code", "codex"):
        home = keyway.folder / name
        (home / "task").mkdir(parents=True)
        environment = {**keyway.for_suites(), "HOME": str(home), "BIN": str(folder / "node_modules" / ".bin")}
        tally.suite(name, [sys.executable, HERE / "agents" / f"{name}.py"], environment, home / "task")


def languages_suite(keyway, work, tally, everything):
    """The samples of the pages in every language, before a server whose provider has every kind of model."""
    python = python_with(HERE / "python" / "requirements.txt", work / "venv") / "bin" / "python"
    node = work / "node"
    node.mkdir(exist_ok=True)
    npm_install(HERE / "node", node)
    with tempfile.TemporaryDirectory(prefix="keyway-sdk-") as folder:
        folder = Path(folder)
        own = Keyway(keyway.binary, folder, languages.CONFIG)
        # No model but those of the settings: the pages take the first of a kind.
        del own.environment["DEEPSEEK_API_KEY"]
        with own:
            languages.suite(own, folder / "samples", languages.Languages(work, python, node, everything), tally)


def dotenv_folder(keyway, folder):
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text(f"OPENAI_API_KEY={keyway.key}\nOPENAI_BASE_URL={keyway.origin}/v1\n")
    return folder


def install(command, folder=None):
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL, timeout=INSTALL_TIMEOUT_S)


def engine(binary, work):
    """The SDKs before llama.cpp's server, alone and behind Keyway. Skipped where it cannot be installed."""
    try:
        engine_venv = python_with(HERE / "engine" / "requirements.txt", work / "engine")
    except subprocess.CalledProcessError:
        print("skipped: the engine cannot be installed here (see engine/requirements.txt)")
        return 0
    python = python_with(HERE / "python" / "requirements.txt", work / "venv") / "bin" / "python"
    server = subprocess.Popen([engine_venv / "bin" / "python", HERE / "engine" / "serve.py", CREDENTIALS["mine"]], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    tallies = {}
    try:
        origin = server.stdout.readline().strip()
        own = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        with urllib.request.urlopen(urllib.request.Request(
                origin + "/v1/models", headers={"authorization": f"Bearer {CREDENTIALS['mine']}"}), timeout=30) as answer:
            model = json.load(answer)["data"][0]["id"]
        with tempfile.TemporaryDirectory(prefix="keyway-sdk-") as folder:
            with Keyway(binary, Path(folder), ENGINE_CONFIG.format(origin=origin, model=model)) as keyway:
                for name, base, key, asked in (
                    ("alone", origin, CREDENTIALS["mine"], model),
                    ("through Keyway", keyway.origin, keyway.key, "engine/tiny"),
                ):
                    print(f"-- llama.cpp's server {name}", flush=True)
                    tallies[name] = tally = Tally()
                    environment = {**own, "BASE_URL": base, "KEY": key, "MODEL": asked}
                    tally.suite(name, [python, HERE / "engine" / "suite.py"], environment, folder)
    finally:
        server.stdin.close()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    for name, tally in tallies.items():
        print(f"{name}: {tally.passed} passed, {tally.failed} failed")
    good = tallies["through Keyway"]
    return 0 if good.passed and not good.failed and tallies["alone"].failed else 1


def after(keyway, tally):
    """What the provider saw of all this."""
    seen = keyway.upstream.seen
    tally.check("the provider was asked", seen, "no request reached it")
    leaked = [request["path"] for request in seen if keyway.key in json.dumps(request) or keyway.admin_key in json.dumps(request)]
    tally.check("the provider never saw a key of ours", not leaked, str(leaked[:3]))
    streams = [request for request in seen if request["body"].get("stream")]
    silent = [request["path"] for request in streams if not (request["body"].get("stream_options") or {}).get("include_usage")]
    tally.check("usage was asked of every stream", not silent, str(silent[:3]))


if __name__ == "__main__":
    sys.exit(main())
