// Package links reads a file of short names and what they stand for.
package links

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Links are addresses by their short names.
type Links map[string]string

// Parse reads a name and an address from each line. Empty lines and those that begin with # are left out.
func Parse(r io.Reader) (Links, error) {
	known := Links{}
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d: write a name and an address", number)
		}
		if address, err := url.Parse(words[1]); err != nil || address.Host == "" {
			return nil, fmt.Errorf("line %d: %q is not a web address", number, words[1])
		}
		if _, taken := known[words[0]]; taken {
			return nil, fmt.Errorf("line %d: %q stands there twice", number, words[0])
		}
		known[words[0]] = words[1]
	}
	return known, lines.Err()
}
