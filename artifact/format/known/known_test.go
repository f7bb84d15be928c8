package known_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
)

// matches lists the names of the formats that accept content.
func matches(content string) []string {
	b := []byte(content)
	p := format.Probe{Head: b[:min(len(b), format.HeadSize)], Size: int64(len(b)), Blob: format.BytesBlob(b)}
	var names []string
	for _, f := range known.Formats() {
		if f.Match(p) {
			names = append(names, f.Info().Name)
		}
	}
	return names
}

func TestRecognition(t *testing.T) {
	piece := func(s string) string {
		return "\x0a" + string(rune(len(s)+7)) + "\x0a" + string(rune(len(s))) + s + "\x15\x00\x00\x00\x00"
	}
	for content, want := range map[string]string{
		"# Title\n":                             "text",
		"{\"a\": 1}":                            "text",
		"naïve — ünïcode":                       "text",
		"x":                                     "text",
		"caf\xe9 au lait, na\xefve text of old": "text",
		"\xff\xfeh\x00i\x00":                    "text",
		"\xfe\xff\x00h\x00i":                    "text",
		"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n": "git-lfs-pointer text",
		"\x89PNG\r\n\x1a\n":                             "png",
		"RIFF\x00\x00\x00\x00WEBP":                      "webp",
		"RIFF\x00\x00\x00\x00AVI ":                      "",
		"\x89HDF\r\n\x1a\n\x00":                         "hdf5",
		"\x1c\x00\x00\x00TFL3\x00":                      "tflite",
		"7z\xbc\xaf\x27\x1c\x00":                        "7z",
		"\x08\x08\x12\x07pytorch\x1a\x032.0:\x05":       "onnx",
		"\x08\x08\x12\xff\xff\xff\xff\x0f":              "",
		"\x08\x01\x12\x20" + strings.Repeat("\x00", 32): "saved-model",
		piece("<unk>") + piece("<s>") + piece("</s>"):   "sentencepiece",
		"\x00\x01\x02\x03":                              "",
		"a\x00b":                                        "",
		"\xff\xff\xff":                                  "",
		"":                                              "",
	} {
		if got := strings.Join(matches(content), " "); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

func TestTextCutInACharacterIsText(t *testing.T) {
	long := strings.Repeat("ä", format.HeadSize)
	if got := matches("x" + long); len(got) != 1 || got[0] != "text" {
		t.Errorf("got %q", got)
	}
}

func TestRandomBytesAreUnknown(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := make([]byte, 64+r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if got := matches(string(b)); len(got) > 0 {
			t.Errorf("%q is taken for %q", b, got)
		}
	}
}

func TestFactsAreComplete(t *testing.T) {
	for _, f := range known.Formats() {
		i := f.Info()
		if i.Name == "" || i.Title == "" || i.MediaType == "" || i.Spec == "" {
			t.Errorf("%+v: a fact is missing", i)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("\x08\x08\x12\x07pytorch\x1a\x032.0:\x05"))
	f.Add([]byte("\x08\x01\x12\x20"))
	f.Add([]byte("\x0a\x0e\x0a\x05<unk>\x15"))
	f.Fuzz(func(t *testing.T, b []byte) {
		first := matches(string(b))
		if second := matches(string(b)); strings.Join(first, " ") != strings.Join(second, " ") {
			t.Errorf("%q then %q", first, second)
		}
	})
}
