package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

func main() {
	body := `{"model": "{model}", "messages": [{"role": "user", "content": "Hello"}]}`
	request, _ := http.NewRequest("POST", "{base}/v1/chat/completions", strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer {key}")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))
}
