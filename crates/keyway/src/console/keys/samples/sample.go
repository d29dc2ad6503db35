package main

import (
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := `{"model": "{model}", "messages": [{"role": "user", "content": "Hello"}]}`
	request, err := http.NewRequest("POST", "{base}/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer {key}")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	io.Copy(os.Stdout, answer.Body)
}
