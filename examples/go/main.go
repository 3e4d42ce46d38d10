// Command short redirects short names to long addresses.
package main

import (
	"context"
	_ "embed"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"example.com/short/links"
)

//go:embed links.txt
var usual string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends: the links of the file that is named, else those that were built in.
func run(ctx context.Context, args []string) error {
	known, err := read(args)
	if err != nil {
		return err
	}
	address := net.JoinHostPort(os.Getenv("HOST"), port())
	server := &http.Server{Addr: address, Handler: handler(known), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ending)
	}()
	log.Printf("%d links, listening on %s", len(known), address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func port() string {
	if port := os.Getenv("PORT"); port != "" {
		return port
	}
	return "8080"
}

func read(args []string) (links.Links, error) {
	if len(args) == 0 {
		return links.Parse(strings.NewReader(usual))
	}
	file, err := os.Open(args[0])
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return links.Parse(file)
}

func handler(known links.Links) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"up"}`))
	})
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		address, found := known[r.PathValue("name")]
		if !found {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, address, http.StatusFound)
	})
	return mux
}
