package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/short/links"
)

func TestHandler(t *testing.T) {
	known := links.Links{"docs": "https://go.dev/doc/"}
	for _, c := range []struct {
		path, location string
		status         int
	}{
		{"/docs", "https://go.dev/doc/", http.StatusFound},
		{"/else", "", http.StatusNotFound},
		{"/health", "", http.StatusOK},
		{"/", "", http.StatusNotFound},
	} {
		answer := httptest.NewRecorder()
		handler(known).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil))
		if answer.Code != c.status || answer.Header().Get("Location") != c.location {
			t.Errorf("%s: %d to %q", c.path, answer.Code, answer.Header().Get("Location"))
		}
	}
}

func TestReadsTheBuiltInLinks(t *testing.T) {
	known, err := read(nil)
	if err != nil || known["docs"] == "" {
		t.Fatalf("%v, %v", known, err)
	}
}

func TestRunRefusesAFileThatIsNotThere(t *testing.T) {
	if err := run(context.Background(), []string{"not-there.txt"}); err == nil {
		t.Fatal("it ran")
	}
}
