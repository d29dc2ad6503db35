"""The samples that the pages show, copied as a reader copies them, compiled and run against the server.

A language whose compiler is not here is skipped, and that is said. Asked for by name, this suite runs every
sample of every page, and fetches and builds the crate that those in Rust need. Among the others it runs those of
SHAPES, in the languages that the program's own suite does not run, and Rust where its crate was built before.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reader import Reader

RUN_TIMEOUT_S = 120
BUILD_TIMEOUT_S = 600

CONFIG = """\
egress_networks = ["127.0.0.0/8"]

[providers.mine]
base_url = {{ openai-chat = "{origin}/v1", openai-completions = "{origin}/v1", openai-embeddings = "{origin}/v1", cohere-rerank = "{origin}/v1", openai-images = "{origin}/v1", openai-speech = "{origin}/v1" }}
credential = "env:MINE_KEY"

[models."mine/small"]
upstream = "small-v2"
speaks = ["openai-chat", "openai-completions"]
price = {{ input = 0.50, output = 1.50 }}

[models."mine/e"]
kind = "embedding"
price = {{ input = 0.02 }}

[models."mine/r"]
kind = "rerank"
price = {{ search = 0.001 }}

[models."mine/i"]
kind = "image"
price = {{ image = 0.01 }}

[models."mine/s"]
kind = "speech"
price = {{ characters = 15 }}
"""
SCOPES = ["create:completions", "create:embeddings", "create:rerank", "create:images", "create:audio", "read:models"]
PERSON = {"name": "Ada", "email": "ada@example.com", "password": "violet-harbour-27"}
SOUND = b"ID3-sound"
# What an answer holds; of every other page: what was said to the model.
HOLDS = {"embeddings": "-0.5", "rerank": "0.875", "images": "aGk=", "models": "sandbox/echo", "key": '"id"',
         "completions": "text_completion", "chat-completions-stream": "[DONE]", "speech": ""}
# Others that pages have samples for are programs that run by themselves.
RUN = ("curl", "python", "node", "java", "go", "csharp", "rust")
# One page of each shape that a sample has, by key, body and answer, in languages that are compiled.
SHAPES = ("chat-completions-stream", "messages", "generate-content", "speech", "models")
COMPILED = ("java", "go", "csharp", "rust")
# What the project of a C# sample adds by itself.
USINGS = "".join(f"global using {name};\n" for name in (
    "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
    "System.Threading.Tasks"))
# A workspace of its own: its folder is below this repository's.
CARGO = '[workspace]\n\n[package]\nname = "samples"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\nureq = "3"\n\n' \
        "[profile.dev]\ndebug = false\n"


class Job:
    """A sample in a folder of its own, and what it must say."""

    def __init__(self, name, language, text, folder, holds, key=None):
        self.name, self.language, self.text, self.folder, self.holds, self.key = name, language, text, folder, holds, key
        folder.mkdir(parents=True)


def jobs(keyway, folder):
    """Every sample of every page."""
    test = keyway.cli("key", "create", "--name", "test", "--test")["value"]
    live = keyway.cli("key", "create", "--name", "live", "--scope", *SCOPES)["value"]
    reader = Reader(keyway.origin)
    pages = dict.fromkeys(link for link in reader.get("/docs").links if link.startswith("/docs/endpoints/"))
    found = []
    for path in ["/docs", *pages]:
        slug = path.rsplit("/", 1)[-1]
        for language, text in reader.get(path).samples.items():
            holds, key = HOLDS.get(slug, "Hello!"), live if "mine/" in text else test
            found.append(Job(f"{slug} in {language}", language, text, folder / slug / language, holds, key))
    link = keyway.cli("member", "setup-link")
    reader.send(reader.get("/setup?" + link["url"].partition("?")[2]), "/setup", **PERSON)
    made = reader.send(reader.get("/console/keys/new"), "/console/keys", name="shown once")
    for language, text in made.samples.items():
        found.append(Job(f"new-key in {language}", language, text, folder / "new-key" / language, "Hello"))
    return found


class Languages:
    """How a sample of each language is made to run. `work` is kept; `everything`: every page, and what is missing
    may be fetched."""

    def __init__(self, work, python, node, everything):
        self.work, self.python, self.node, self.everything = work / "languages", python, node, everything
        self.work.mkdir(exist_ok=True)
        self.dotnet = dotnet()
        self.why_not = {}
        for language, program in (("java", "javac"), ("go", "go"), ("rust", "cargo")):
            if not shutil.which(program):
                self.why_not[language] = f"there is no {program} here"
        if not self.dotnet:
            self.why_not["csharp"] = "there is no dotnet here"

    def command(self, job):
        """The command that runs a sample; it is compiled first, where it is compiled."""
        write = lambda name, text=job.text: (job.folder / name).write_text(text)  # noqa: E731
        match job.language:
            case "curl":
                write("sample.sh")
                return ["bash", "sample.sh"]
            case "python":
                write("sample.py")
                return [self.python, "sample.py"]
            case "node":
                write("sample.mjs")
                (job.folder / "node_modules").symlink_to(self.node / "node_modules")
                return ["node", "sample.mjs"]
            case "java":
                write("Sample.java")
                built(["javac", "-Xlint:all", "-Werror", "Sample.java"], job.folder)
                return ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "Sample"]
            case "go":
                # Formatted as the language's own formatter does it, but for the end of the last line.
                write("sample.go", job.text + "\n")
                unformatted = built(["gofmt", "-l", "sample.go"], job.folder)
                if unformatted:
                    raise Broken("gofmt would write it differently")
                built(["go", "vet", "sample.go"], job.folder)
                return ["go", "run", "sample.go"]
            case "csharp":
                write("Program.cs")
                write("Usings.cs", USINGS)
                return self.csharp(job.folder)
            case "rust":
                return [self.work / "rust" / "target" / "debug" / name_of(job)]

    def csharp(self, folder):
        """By the compiler alone: a project would ask NuGet, also where it needs nothing of it."""
        sdk, packs = self.dotnet
        references = sorted(packs.glob("Microsoft.NETCore.App.Ref/*/ref/net*/*.dll"))
        arguments = ["-nologo", "-nullable", "-warnaserror", "-out:sample.dll", *(f"-r:{path}" for path in references)]
        (folder / "arguments.rsp").write_text("\n".join([*arguments, "Usings.cs", "Program.cs"]))
        built(["dotnet", sdk / "Roslyn" / "bincore" / "csc.dll", "@arguments.rsp"], folder)
        version = sdk.name.split(".")[0]
        (folder / "sample.runtimeconfig.json").write_text(
            f'{{"runtimeOptions": {{"framework": {{"name": "Microsoft.NETCore.App", "version": "{version}.0.0"}}}}}}')
        return ["dotnet", "sample.dll"]

    def build_rust(self, found):
        """All samples of Rust in one package; why not, if it cannot be built here."""
        package = self.work / "rust"
        if not self.everything and not (package / "target").exists():
            return "its crate is not here; --only languages fetches it"
        shutil.rmtree(package / "src", ignore_errors=True)
        (package / "src" / "bin").mkdir(parents=True)
        (package / "Cargo.toml").write_text(CARGO)
        for job in found:
            (package / "src" / "bin" / f"{name_of(job)}.rs").write_text(job.text + "\n")
        environment = {**os.environ, "CARGO_TARGET_DIR": str(package / "target"), "RUSTFLAGS": "-D warnings"}
        offline = [] if self.everything else ["--offline"]
        try:
            built(["cargo", "fetch", "--quiet", *offline], package, environment)
        except Broken as why:
            return f"its crate cannot be fetched: {why}"
        built(["cargo", "build", "--quiet", "--offline"], package, environment)
        return None


class Broken(Exception):
    """A sample does not compile."""


def built(command, folder, environment=None):
    """What a command prints that must succeed."""
    done = subprocess.run(command, cwd=folder, env=environment or os.environ, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_TIMEOUT_S)
    if done.returncode:
        raise Broken(done.stdout[-3000:])
    return done.stdout


def name_of(job):
    return job.folder.parent.name


def dotnet():
    """The folders of .NET's compiler and of what it compiles against, if it is here."""
    if not shutil.which("dotnet"):
        return None
    listed = subprocess.run(["dotnet", "--list-sdks"], text=True, capture_output=True, timeout=RUN_TIMEOUT_S).stdout.split("\n")
    newest = [line for line in listed if " [" in line][-1:]
    if not newest:
        return None
    version, folder = newest[0].rstrip("]").split(" [")
    return Path(folder) / version, Path(folder).parent / "packs"


def run(languages, job):
    """Why a sample does not do what it should; nothing if it does."""
    try:
        command = languages.command(job)
    except Broken as why:
        return f"it does not compile: {why}\n{job.text}"
    environment = {**os.environ, "KEYWAY_API_KEY": job.key or "", "NO_PROXY": "127.0.0.1"}
    environment.pop("http_proxy", None)
    environment.pop("HTTP_PROXY", None)
    try:
        done = subprocess.run(command, cwd=job.folder, env=environment, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=RUN_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"it is not done after {RUN_TIMEOUT_S} s\n{job.text}"
    if done.returncode or job.holds not in done.stdout:
        return f"it ended with {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}\n{job.text}"
    if name_of(job) == "speech" and (job.folder / "speech.mp3").read_bytes() != SOUND:
        return "the file is not what was sent"
    return None


def is_among_others(job):
    return name_of(job) == "new-key" or (name_of(job) in SHAPES and job.language in COMPILED)


def suite(keyway, folder, languages, tally):
    """Runs every sample of a language that can be run here."""
    found = jobs(keyway, folder)
    ran = [job for job in found if job.language in RUN and (languages.everything or is_among_others(job))]
    rust = [job for job in ran if job.language == "rust"]
    if rust and "rust" not in languages.why_not:
        try:
            why = languages.build_rust(rust)
        except Broken as broken:
            tally.check("samples in rust", False, f"they do not compile: {broken}")
            why = "they do not compile"
        if why:
            languages.why_not["rust"] = why
    for language, why in sorted(languages.why_not.items()):
        print(f"skipped: samples in {language}, {why}", flush=True)
    ran = [job for job in ran if job.language not in languages.why_not]
    tally.check("the pages have samples", len(found) > len(HOLDS) * len(RUN), f"{len(found)}")
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for job, why in zip(ran, pool.map(lambda job: run(languages, job), ran)):
            tally.check(f"sample {job.name}", not why, why)

