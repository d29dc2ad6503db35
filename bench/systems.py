"""What is measured: the provider itself, nginx in front of it, Keyway in front of it."""

import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_TIMEOUT_S = 30
CREDENTIAL = "bench-credential"

KEYWAY_CONFIG = """\
workers = {workers}
log_requests = {log}

[providers.mine]
base_url = "http://{upstream}/v1"
auth = "bearer"
speaks = ["openai-chat"]
credential = "env:MINE_KEY"
concurrency_max = 100000

[models."mine/load"]
upstream = "load"
context_tokens = 128000
output_tokens_max = 8192
price = {{ input = 0.50, output = 1.50, cache_read = 0.05 }}
"""
# The same model twice, behind one name.
TWO_TARGETS = """
[providers.twin]
base_url = "http://{upstream}/v1"
credential = "env:MINE_KEY"

[models."twin/load"]
upstream = "load"
context_tokens = 128000
output_tokens_max = 8192
price = {{ input = 0.50, output = 1.50, cache_read = 0.05 }}

[routes.two]
strategy = "{strategy}"
targets = [{{ model = "mine/load" }}, {{ model = "twin/load" }}]
"""


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def wait_answer(address, path, process, pause_s=0.0005):
    """Seconds until `path` is answered 200."""
    began = time.perf_counter()
    host, port = address.split(":")
    request = f"GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n".encode()
    while time.perf_counter() - began < START_TIMEOUT_S:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended with {process.returncode} at its start")
        try:
            with socket.create_connection((host, int(port)), timeout=2) as line:
                line.sendall(request)
                if line.recv(64).split(b" ")[1:2] == [b"200"]:
                    return time.perf_counter() - began
        except OSError:
            pass
        time.sleep(pause_s)
    raise SystemExit(f"{address}{path} was not answered within {START_TIMEOUT_S} s")


class System:
    """A process that is measured, and how the driver reaches it."""

    name = ""
    key = CREDENTIAL
    process = None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Direct(System):
    name = "direct"

    def __init__(self, binary, chunks):
        self.address = free_address()
        self.process = subprocess.Popen([binary, "--listen", self.address, "--chunks", str(chunks)])
        wait_answer(self.address, "/v1/models", self.process)


class Nginx(System):
    def __init__(self, folder, upstream, workers, log):
        self.name = "nginx, log on" if log else "nginx"
        self.address = free_address()
        folder.mkdir()
        text = (HERE / "nginx.conf").read_text()
        fills = {"WORKERS": workers, "LOG": f"{folder}/access.log" if log else "off", "UPSTREAM": upstream, "LISTEN": self.address}
        for name, value in fills.items():
            text = text.replace(f"@{name}@", str(value))
        (folder / "nginx.conf").write_text(text)
        self.process = subprocess.Popen([find_nginx(), "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        wait_answer(self.address, "/v1/models", self.process)


class Keyway(System):
    def __init__(self, binary, folder, upstream, workers, log=False, more="", database=None):
        self.name = "keyway, log on" if log else "keyway"
        self.binary, self.folder = binary, folder
        self.data = folder / "data"
        self.address = free_address()
        folder.mkdir()
        config = KEYWAY_CONFIG.format(workers=workers, log=str(log).lower(), upstream=upstream)
        if database:
            config = f'database = "{database}"\n' + config
        (folder / "keyway.toml").write_text(config + more)
        self.environment = {"PATH": os.environ["PATH"], "MINE_KEY": CREDENTIAL}
        self.start()
        self.key = self.cli("key", "create", "--name", "bench")["value"]

    def command(self, *arguments):
        return [self.binary, *arguments, "--config", self.folder / "keyway.toml", "--data-dir", self.data]

    def start(self):
        """Starts it; seconds from the start of the process to the first answer of /healthz."""
        log = open(self.folder / "keyway.log", "ab")
        began = time.perf_counter()
        self.process = subprocess.Popen(self.command("serve", "--listen", self.address), env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        wait_answer(self.address, "/healthz", self.process)
        took = time.perf_counter() - began
        wait_answer(self.address, "/readyz", self.process)
        return took

    def cli(self, *arguments):
        done = subprocess.run(self.command(*arguments, "--json"), env=self.environment, text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def fill_keys(self, count):
        """Copies an existing key `count` times, with ids, kids and digests of their own. The server is stopped."""
        with sqlite3.connect(self.data / "keyway.db") as db:
            copy_rows(db, "key_secrets", "keys", count)
        db.close()


def copy_rows(db, secrets_table, keys_table, count):
    db.row_factory = sqlite3.Row
    secret = dict(db.execute(f"SELECT * FROM {secrets_table} ORDER BY created_ms DESC LIMIT 1").fetchone())
    key = dict(db.execute(f"SELECT * FROM {keys_table} WHERE id = ?", [secret["key_id"]]).fetchone())
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    for table, row in ((keys_table, key), (secrets_table, secret)):
        row["_sql"] = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
    keys, digests = [], []
    for number in range(count):
        identity = key["id"][:14] + "".join(secrets.choice(alphabet) for _ in range(len(key["id"]) - 14))
        keys.append([value for name, value in {**key, "id": identity, "name": f"filled {number}"}.items() if name != "_sql"])
        fresh = {**secret, "kid": secrets.token_hex(6), "key_id": identity, "digest": secrets.token_hex(len(secret["digest"]) // 2)}
        digests.append([value for name, value in fresh.items() if name != "_sql"])
    db.executemany(key["_sql"], keys)
    db.executemany(secret["_sql"], digests)


def find_nginx():
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found:
        return found
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, "apt-get", "update", "-qq"], check=True)
    subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    return find_nginx()


