package links

import (
	"maps"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	known, err := Parse(strings.NewReader("# names\n\n docs  https://go.dev/doc/ \n"))
	if err != nil || !maps.Equal(known, Links{"docs": "https://go.dev/doc/"}) {
		t.Fatalf("%v, %v", known, err)
	}
}

func TestParseSaysWhichLineIsWrong(t *testing.T) {
	for text, line := range map[string]string{
		"docs":                           "line 1",
		"\ndocs nowhere":                 "line 2",
		"a https://a.test b":             "line 1",
		"a https://a.test\na https://b.": "line 2",
	} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), line) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
