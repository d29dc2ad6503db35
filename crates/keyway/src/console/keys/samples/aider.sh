export OPENAI_API_BASE="{base}/v1"
export OPENAI_API_KEY="{key}"
aider --model "openai/{model}"
