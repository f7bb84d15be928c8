package requirements_test

import (
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/requirements"
)

func TestDetector(t *testing.T) {
	const attack = "torch==2.9\nevil @ http://127.0.0.1/evil.whl\n"
	wide := "\xff\xfe"
	for _, c := range attack {
		wide += string(c) + "\x00"
	}
	for _, c := range []struct {
		name, text string
		findings   int
	}{
		{"requirements.txt", attack, 1}, {"requirements-dev.txt", attack, 1}, {"REQUIREMENTS.txt", attack, 1}, {"requirements.txt", wide, 1},
		{"requirements.txt", "torch==2.9 --hash=sha256:00\nnumpy; python_version > '3.8'\n-r other.txt\n", 0}, {"notes.txt", attack, 0},
	} {
		r := detecttest.Scan(t, detect.Entry{Name: c.name, Blob: format.BytesBlob([]byte(c.text))}, known.Formats(), requirements.Detector{})
		if high := len(r.Findings) > 0 && r.Verdict == picket.Suspicious; high != (c.findings > 0) {
			t.Errorf("%s: %q is %s, %v", c.name, c.text, r.Verdict, r.Findings)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, requirements.Detector{}, known.Formats(), map[string][]byte{"list": []byte("torch\n")})
}
