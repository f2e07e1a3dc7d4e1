package sse_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/minicompete/minicompete/internal/sse"
)

// A handler hands over its connection and may use the stream for as long as the reader stays.
func ExampleServe() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := func(stream sse.Stream) {
			stream.Offer("event: seats\ndata: 3 left\n\n")
			stream.End()
		}
		sse.Serve(w, r, begin, func() {})
	}))
	defer server.Close()

	response, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		// each stream starts with the reconnection time
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "retry: ") {
			fmt.Println(line)
		}
	}
	// Output:
	// event: seats
	// data: 3 left
}
