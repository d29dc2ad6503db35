# A chat completion, as in DeepSeek's documentation.
set -euo pipefail
curl --fail-with-body -sS "$BASE_URL/chat/completions" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $KEY" \
  -d '{
        "model": "deepseek-chat",
        "messages": [
          {"role": "system", "content": "You are a helpful assistant."},
          {"role": "user", "content": "Hello!"}
        ],
        "stop": ["END"],
        "temperature": 0.7,
        "top_p": 0.95,
        "max_tokens": 128,
        "stream": false
      }'
