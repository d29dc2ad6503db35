"""Claude Code, as its documentation says that a gateway is set."""

import task

task.run("claude code", [
    task.BIN / "claude", "--print", task.PROMPT, "--allowedTools", "Bash", "--model", task.MODEL,
], {
    "ANTHROPIC_BASE_URL": task.ORIGIN,
    "ANTHROPIC_AUTH_TOKEN": task.KEY,
    "ANTHROPIC_SMALL_FAST_MODEL": task.MODEL,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
})
