package sevenzip_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	formatpickle "github.com/picketsec/picket/artifact/format/pickle"
	formatsevenzip "github.com/picketsec/picket/artifact/format/sevenzip"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/pickle"
	"github.com/picketsec/picket/detect/model/sevenzip"
	"github.com/picketsec/picket/internal/testkit/rawsevenzip"
)

// attack is a pickle that would run a command, and harmless one that would not.
const (
	attack   = "\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R."
	harmless = "\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s."
)

// run scans an archive.
func run(t testing.TB, a rawsevenzip.Archive) picket.Result {
	t.Helper()
	b, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return detecttest.Run(t, b, []format.Format{formatsevenzip.Format{}, formatpickle.Format{}}, sevenzip.Detector{}, pickle.New(pickle.Config{}))
}

// fired lists the rules of the container that fired.
func fired(r picket.Result) string {
	var ids []string
	for _, f := range r.Findings {
		if id, ok := strings.CutPrefix(f.Rule.ID, "model.7z."); ok {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, " ")
}

func TestFindings(t *testing.T) {
	one := func(name, data string, attributes uint32) []rawsevenzip.Member {
		return []rawsevenzip.Member{{Name: name, Data: []byte(data), Attributes: attributes}}
	}
	link := uint32(0xa1ff)<<16 | 0x8000
	plain := one("m.pkl", harmless, 0x20)
	for name, test := range map[string]struct {
		archive rawsevenzip.Archive
		rules   string
		verdict picket.Verdict
	}{
		"honest":            {rawsevenzip.Archive{Members: plain, Method: "!", Encode: true}, "", picket.Clean},
		"attack":            {rawsevenzip.Archive{Members: one("m.pkl", attack, 0), Method: "!"}, "", picket.Malicious},
		"large attack":      {rawsevenzip.Archive{Members: one("m.pkl", strings.Repeat("N0", 3<<20)+attack[2:], 0), Method: "\x00"}, "", picket.Malicious},
		"climbs":            {rawsevenzip.Archive{Members: one("../m.pkl", harmless, 0)}, "path-escape", picket.Suspicious},
		"climbs not":        {rawsevenzip.Archive{Members: one("a..b/m.pkl", harmless, 0)}, "", picket.Clean},
		"link out":          {rawsevenzip.Archive{Members: one("m", "/etc/passwd", link)}, "path-escape special-member", picket.Suspicious},
		"wrong sum":         {rawsevenzip.Archive{Members: plain, WrongSum: true}, "wrong-checksum", picket.Suspicious},
		"encrypted":         {rawsevenzip.Archive{Members: plain, Method: "\x06\xf1\x07\x01"}, "encrypted", picket.Incomplete},
		"encrypted headers": {rawsevenzip.Archive{Members: plain, Encode: true, EncodeBy: "\x06\xf1\x07\x01"}, "encrypted", picket.Incomplete},
		"unknown method":    {rawsevenzip.Archive{Members: plain, Method: "\x03\x04\x01"}, "unread-method", picket.Incomplete},
		"hidden attack":     {rawsevenzip.Archive{Members: plain, Gap: []byte(attack)}, "unowned-content", picket.Malicious},
		"trailing attack":   {rawsevenzip.Archive{Members: plain, Suffix: []byte(attack)}, "unowned-content", picket.Malicious},
		"program":           {rawsevenzip.Archive{Members: one("m", "\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 40), 0)}, "native-program", picket.Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, test.archive)
			if got := fired(r); got != test.rules || r.Verdict != test.verdict {
				t.Errorf("%v with %q, want %v with %q: %+v %+v", r.Verdict, got, test.verdict, test.rules, r.Findings, r.Coverage)
			}
		})
	}
}

func TestTruncatedIsNotClean(t *testing.T) {
	b, err := rawsevenzip.Archive{Members: []rawsevenzip.Member{{Name: "m.pkl", Data: []byte(harmless)}}, Method: "!"}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for n := 6; n < len(b); n++ {
		if r := detecttest.Run(t, b[:n], []format.Format{formatsevenzip.Format{}}, sevenzip.Detector{}); r.Verdict == picket.Clean {
			t.Fatalf("the first %d of %d bytes are clean", n, len(b))
		}
	}
}

func TestAcceptance(t *testing.T) {
	samples := map[string][]byte{}
	for name, a := range map[string]rawsevenzip.Archive{
		"honest": {Members: []rawsevenzip.Member{{Name: "m.pkl", Data: []byte(harmless)}}, Method: "!", Encode: true},
		"odd":    {Members: []rawsevenzip.Member{{Name: "/m", Data: []byte(harmless)}}, Gap: []byte("x"), Suffix: []byte("y"), WrongSum: true},
	} {
		b, err := a.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		samples[name] = b
	}
	detecttest.Accept(t, sevenzip.Detector{}, []format.Format{formatsevenzip.Format{}}, samples)
}

var _ detect.Detector = sevenzip.Detector{}
