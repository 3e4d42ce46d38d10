package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandler(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/":       {http.StatusOK, `{"quote":"so it is"}`},
		"/health": {http.StatusOK, `{"status":"up"}`},
		"/else":   {http.StatusNotFound, "404 page not found"},
	} {
		got := httptest.NewRecorder()
		handler([]string{"so it is"}).ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got.Code != want.status || strings.TrimSpace(got.Body.String()) != want.body {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
}
