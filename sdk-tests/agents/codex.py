"""Codex, with the provider written into its configuration."""

import os
from pathlib import Path

import task

home = Path(os.environ["HOME"]) / ".codex"
home.mkdir(parents=True)
(home / "config.toml").write_text(f"""\
model = "{task.MODEL}"
model_provider = "keyway"

[model_providers.keyway]
name = "Keyway"
base_url = "{task.ORIGIN}/v1"
env_key = "KEYWAY_API_KEY"
wire_api = "responses"
""")
task.run("codex", [
    task.BIN / "codex", "exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", task.PROMPT,
], {"KEYWAY_API_KEY": task.KEY, "CODEX_HOME": str(home)})
