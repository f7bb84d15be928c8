package jsonstream_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/picketsec/picket/internal/jsonstream"
)

// rebuild reads a document and writes its tokens back as JSON.
func rebuild(in io.Reader, opts jsonstream.Options) (string, error) {
	r := jsonstream.New(in, opts)
	var b strings.Builder
	comma := false
	for {
		t, err := r.Next()
		if err != nil {
			return "", err
		}
		if comma && t.Kind != jsonstream.ObjectEnd && t.Kind != jsonstream.ArrayEnd && t.Kind != jsonstream.End {
			b.WriteByte(',')
		}
		comma = true
		switch t.Kind {
		case jsonstream.End:
			return b.String(), nil
		case jsonstream.ObjectStart:
			b.WriteByte('{')
			comma = false
		case jsonstream.ArrayStart:
			b.WriteByte('[')
			comma = false
		case jsonstream.ObjectEnd:
			b.WriteByte('}')
		case jsonstream.ArrayEnd:
			b.WriteByte(']')
		case jsonstream.Key, jsonstream.String:
			quoted, err := json.Marshal(string(t.Text))
			if err != nil {
				return "", err
			}
			b.Write(quoted)
			if t.Kind == jsonstream.Key {
				b.WriteByte(':')
				comma = false
			}
		default:
			b.Write(t.Text)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, doc := range []string{
		`{}`, `[]`, `0`, `-1.5e+10`, `"x"`, `null`, ` [ true , false , null ] `, `{"a":{"b":[1,2,{"c":"d"}]},"e":[]}`,
		`"\u00e9\n\t\b\f\r\"\\\/ é 😀 \ud83d\ude00"`, `[0.1,1E5,1e-5,-0]`,
	} {
		got, err := rebuild(iotest.OneByteReader(strings.NewReader(doc)), jsonstream.Options{Depth: 8, Text: 100})
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		var want, have any
		if err := errors.Join(json.Unmarshal([]byte(doc), &want), json.Unmarshal([]byte(got), &have)); err != nil {
			t.Fatalf("%s became %s: %v", doc, got, err)
		}
		if fmt.Sprint(want) != fmt.Sprint(have) {
			t.Errorf("%s became %s", doc, got)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, doc := range []string{
		``, ` `, `{`, `[`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `[1,]`, `{1:2}`, `{"a" 1}`, `[1 2]`, `{"a":1]`, `[1}`, `1 2`, `{}{}`,
		`01`, `-`, `1.`, `.5`, `1e`, `+1`, `nul`, `True`, `'a'`, `"a`, "\"\n\"", `"\x41"`, `"\u12g4"`, `"\ud800"`, `"\ud800\u0041"`,
		"\"\xff\"", "\"\xc0\x80\"", "\"\xe2\x82\"", "\"\xed\xa0\x80\"", `[[[[[[[[[1]]]]]]]]]`, `/* */1`, `]`, `}`, `,`, "\ufeff1",
	} {
		_, err := rebuild(strings.NewReader(doc), jsonstream.Options{Depth: 8, Text: 100})
		if _, ok := errors.AsType[*jsonstream.Error](err); !ok {
			t.Errorf("%q: got %v, want a grammar error", doc, err)
		}
	}
}

func TestReadErrorIsPassedOn(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, doc := range []string{``, `{"a`, `[1`, `[12`, `tr`} {
		_, err := rebuild(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken)), jsonstream.Options{Depth: 8, Text: 9})
		if !errors.Is(err, broken) {
			t.Errorf("%q: got %v, want the reader's error", doc, err)
		}
	}
}

func TestCutTextIsAPrefixAndHashIsOverAll(t *testing.T) {
	r := jsonstream.New(strings.NewReader(`["abcdefgh","abcdéfgh","abcd"]`), jsonstream.Options{Depth: 2, Text: 5})
	var texts []string
	var hashes []uint64
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == jsonstream.End {
			break
		}
		if tok.Kind == jsonstream.String {
			texts = append(texts, fmt.Sprint(string(tok.Text), tok.Cut))
			hashes = append(hashes, tok.Hash)
		}
	}
	if got := strings.Join(texts, " "); got != "abcdetrue abcdtrue abcdfalse" {
		t.Errorf("texts: %s", got)
	}
	if hashes[0] != jsonstream.Hash("abcdefgh") || hashes[1] != jsonstream.Hash("abcdéfgh") || hashes[1] == hashes[2] {
		t.Errorf("hashes are not over the whole text: %v", hashes)
	}
}

func TestMemoryDoesNotGrowWithTheDocument(t *testing.T) {
	long := io.MultiReader(strings.NewReader(`{"`), io.LimitReader(letters{}, 64<<20), strings.NewReader(`":[`),
		io.LimitReader(digits{}, 64<<20), strings.NewReader(`]}`))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := jsonstream.New(long, jsonstream.Options{Depth: 4, Text: 1 << 10})
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == jsonstream.End {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("reading 128 MiB of JSON allocated %d bytes", grown)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

type digits struct{}

func (digits) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '1'
	}
	return len(p), nil
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"b\u0041",null]}`, `[[[`, `"\ud800"`, `{"a":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := rebuild(bytes.NewReader(doc), jsonstream.Options{Depth: 1000, Text: len(doc)})
		if err == nil && !json.Valid(doc) {
			t.Fatalf("accepted what encoding/json refuses: %q", doc)
		}
		if err == nil && !json.Valid([]byte(got)) {
			t.Fatalf("%q became the invalid %q", doc, got)
		}
	})
}

// FuzzSkipNumbers holds that passing over numbers changes nothing else of what is read.
func FuzzSkipNumbers(f *testing.F) {
	for _, seed := range []string{"[1,2,3]", "[1 , -2.5e+3\n,{\"a\":[1,2]},3,\"x\",4]", "[1,,2]", "[1,2,]", "[01,2]", "[1,2", "[1.,2]", "[-,1]", `{"a":1,"b":[2]}`, "[[1,2],[3,4],5,[6]]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		tokens := func(skip bool) (list []string, err error) {
			r := jsonstream.New(iotest.HalfReader(bytes.NewReader(doc)), jsonstream.Options{Depth: 100, Text: 100, SkipNumbers: skip})
			for {
				k, err := r.Next()
				if err != nil || k.Kind == jsonstream.End {
					return list, err
				}
				if k.Kind != jsonstream.Number {
					list = append(list, fmt.Sprint(k.Kind, k.Offset, string(k.Text), r.Depth()))
				}
			}
		}
		want, err := tokens(false)
		got, err2 := tokens(true)
		if !slices.Equal(got, want) || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("%q: %v %v, and passing over numbers %v %v", doc, want, err, got, err2)
		}
	})
}
