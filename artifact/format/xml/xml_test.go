package xml_test

import (
	"bytes"
	"encoding/binary"
	stdxml "encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/internal/limits"
)

// read writes the tokens of a document as text.
func read(in io.Reader) (string, error) {
	r := xml.New(in, xml.Options{Depth: 16, Text: 1 << 20, Budget: limits.NewBudget(limits.Default())})
	var b strings.Builder
	for {
		t, err := r.Next()
		if err != nil {
			return b.String(), err
		}
		switch t.Kind {
		case xml.EOF:
			return b.String(), nil
		case xml.Start:
			fmt.Fprintf(&b, "(%s", t.Name)
			for _, a := range t.Attr {
				fmt.Fprintf(&b, " %s=%q", a.Name, a.Value)
			}
			b.WriteString(" ")
		case xml.End:
			fmt.Fprintf(&b, ")%s ", t.Name)
		case xml.Text:
			if s := strings.TrimSpace(string(t.Text)); s != "" {
				fmt.Fprintf(&b, "%q ", s)
			}
		case xml.Comment:
			b.WriteString("# ")
		case xml.Instruction:
			fmt.Fprintf(&b, "?%s ", t.Name)
		case xml.Doctype:
			fmt.Fprintf(&b, "!%s ", bytes.TrimSpace(t.Text))
		}
	}
}

// utf16le encodes a document with a byte order mark.
func utf16le(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestTokens(t *testing.T) {
	for doc, want := range map[string]string{
		`<a/>`: `(a )a `,
		"\ufeff <?xml version='1.0' encoding='UTF-8'?><!-- x --><p:a x = '1&lt;&#65;' p:y=\"2>\"><b/>t&amp;u<![CDATA[<raw>&amp;]]></p:a >\n": `?xml # (a x="1<A" y="2>" (b )b "t&u" "<raw>&amp;" )a `,
		`<!DOCTYPE a [<!ENTITY x "]>"> <!-- ' --> <!ELEMENT a ANY>]><a>&x;</a>`:                                                              `!a [<!ENTITY x "]>"> <!-- ' --> <!ELEMENT a ANY>] (a "&x;" )a `,
		string(utf16le(`<?xml version="1.0" encoding="UTF-16"?><a b="é😀"/>`)):                                                                `?xml (a b="é😀" )a `,
		`<a><?php echo 1 ?></a>`: `(a ?php )a `,
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(doc), "bytes": iotest.OneByteReader(strings.NewReader(doc))} {
			if got, err := read(in); got != want || err != nil {
				t.Errorf("%s, %q: read %s (%v), want %s", name, doc, got, err, want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, doc := range []string{
		``, ` `, `x`, `<`, `<a`, `<a>`, `</a>`, `<a></b>`, `<a/><b/>`, `<a/>x`, `x<a/>`, `<a b></a>`, `<a b=c/>`, `<a b="1" b="2"/>`, `<a b="1/>`,
		`<1a/>`, `<a<b/>`, `<!-- x`, `<a><![CDATA[x</a>`, `<?xml`, `<![CDATA[x]]><a/>`, `<!DOCTYPE a [<a/>`, "<\xffa/>", `<a>` + strings.Repeat("<b>", 20),
		`<?xml version="1.0" encoding="UTF-7"?><a/>`, `<?xml version="1.0" encoding="IBM037"?><a/>`, `<?xml version="1.0" encoding="UTF-16"?><a/>`,
		string(utf16le(`<?xml version="1.0" encoding="UTF-8"?><a/>`)), `<a ` + strings.Repeat("x", 2<<20) + `/>`,
	} {
		if got, err := read(strings.NewReader(doc)); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%.60q: read %.60s (%v)", doc, got, err)
		}
	}
}

func TestKindsOfErrors(t *testing.T) {
	if _, err := read(strings.NewReader(strings.Repeat("<b>", 20))); !errors.Is(err, xml.ErrDepth) || errors.Is(err, xml.ErrEncoding) {
		t.Errorf("deep: %v", err)
	}
	if _, err := read(strings.NewReader(`<?xml encoding="utf-7"?><a/>`)); !errors.Is(err, xml.ErrEncoding) || errors.Is(err, xml.ErrDepth) {
		t.Errorf("encoding: %v", err)
	}
	broken := errors.New("disk on fire")
	for _, doc := range []string{"", "<a", "<a>", "<!-- ", "<a>text"} {
		if _, err := read(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("%q: %v, want the error of the reader", doc, err)
		}
	}
}

func TestDoctype(t *testing.T) {
	d := xml.ParseDoctype(` PMML PUBLIC "-//X" 'http://127.0.0.1/x.dtd' [ <!-- <!ENTITY no "x"> --> <!ENTITY a "12345"> <!ENTITY b "&a;&a;">
		<!ENTITY % p SYSTEM "file:///etc/passwd"> <!ENTITY q PUBLIC "id" "http://127.0.0.1/q"> %p; ]`)
	if got, want := fmt.Sprint(d), `{PMML -//X http://127.0.0.1/x.dtd [{a false 12345 } {b false &a;&a; } {p true  file:///etc/passwd} {q false  http://127.0.0.1/q}] false}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := d.Expansion(); n != 16 {
		t.Errorf("the expansion is %d bytes, want 16", n)
	}
	laughs := ` a [<!ENTITY l0 "lol">`
	for i := range 20 {
		laughs += fmt.Sprintf(`<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	if n := xml.ParseDoctype(laughs + "]").Expansion(); n < 1<<60 {
		t.Errorf("ten times twenty laughs are %d bytes", n)
	}
	if n := xml.ParseDoctype(` a [<!ENTITY a "&b;"><!ENTITY b "&a;">]`).Expansion(); n != math.MaxInt64 {
		t.Errorf("an endless entity has %d bytes", n)
	}
}

// probe makes what Match sees.
func probe(doc string) format.Probe {
	return format.Probe{Head: []byte(doc)[:min(len(doc), format.HeadSize)], Size: int64(len(doc))}
}

func TestMatchAndRoot(t *testing.T) {
	for doc, want := range map[string]struct {
		match bool
		root  string
	}{
		`<?xml version="1.0"?><PMML version="4.4"><Header/></PMML>`:  {true, "PMML Header"},
		"\ufeff\n<?xml version='1.0'?><net/>":                        {true, "net "},
		string(utf16le(`<?xml version="1.0"?><net><layers/></net>`)): {true, "net layers"},
		`<!-- c --><net name="x"><layers/></net>`:                    {false, "net layers"},
		`<!DOCTYPE net [<!ENTITY x "y">]><net/>`:                     {true, "net "},
		`<!DOCTYPE html><html><head/></html>`:                        {false, "html head"},
		`# Markdown <b>x</b>`:                                        {false, "nothing"},
		`<3 this model`:                                              {false, "nothing"},
		`<?php echo 1; ?>`:                                           {false, "nothing"},
		`{"a": 1}`:                                                   {false, "nothing"},
	} {
		root, ok := xml.Root(probe(doc))
		got := root.Name + " " + root.Child
		if !ok {
			got = "nothing"
		}
		if match := (xml.Format{}).Match(probe(doc)); match != want.match || got != want.root {
			t.Errorf("%.40q: match %v, root %q, want %+v", doc, match, got, want)
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	r := xml.New(strings.NewReader("<a>"+strings.Repeat("x", 1<<20)+"</a>"), xml.Options{Depth: 2, Text: 10})
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == xml.Text && (len(tok.Text) != 10 || !tok.Cut) {
			t.Errorf("%d bytes of text, cut %v", len(tok.Text), tok.Cut)
		}
		if tok.Kind == xml.EOF {
			return
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a b="c">t<!-- c --><d/><![CDATA[x]]></a>`))
	f.Add(utf16le(`<?xml version="1.0" encoding="utf-16"?><a/>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err := read(bytes.NewReader(doc))
		if err != nil && !errors.Is(err, format.ErrMalformed) && !errors.Is(err, limits.ErrExceeded) {
			t.Fatalf("unexpected error %v", err)
		}
		if again, _ := read(iotest.HalfReader(bytes.NewReader(doc))); again != first {
			t.Fatalf("two readings differ:\n%s\n%s", first, again)
		}
		xml.Root(probe(string(doc)))
		xml.ParseDoctype(string(doc)).Expansion()
	})
}

func TestAgreesWithTheStandardLibrary(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="UTF-8"?><n:a xmlns:n="u" x="1&amp;2"><b>t &gt; u</b><c/><b y='"'>z</b></n:a>`
	d := stdxml.NewDecoder(strings.NewReader(doc))
	var want strings.Builder
	for {
		tok, err := d.RawToken()
		if err != nil {
			break
		}
		switch x := tok.(type) {
		case stdxml.StartElement:
			fmt.Fprintf(&want, "(%s", x.Name.Local)
			for _, a := range x.Attr {
				fmt.Fprintf(&want, " %s=%q", a.Name.Local, a.Value)
			}
			want.WriteString(" ")
		case stdxml.EndElement:
			fmt.Fprintf(&want, ")%s ", x.Name.Local)
		case stdxml.CharData:
			fmt.Fprintf(&want, "%q ", string(x))
		case stdxml.ProcInst:
			fmt.Fprintf(&want, "?%s ", x.Target)
		}
	}
	if got, err := read(strings.NewReader(doc)); got != want.String() || err != nil {
		t.Errorf("read %s (%v)\nwant %s", got, err, want.String())
	}
}

func BenchmarkReader(b *testing.B) {
	var doc bytes.Buffer
	doc.WriteString("<net><layers>")
	for i := range 20000 {
		fmt.Fprintf(&doc, "<layer id=\"%d\" name=\"block%d/conv\" type=\"Convolution\" version=\"opset1\">\n\t<data strides=\"1, 1\" pads_begin=\"0, 0\" />\n<port id=\"0\"><dim>1</dim><dim>64</dim></port></layer>", i, i)
	}
	doc.WriteString("</layers></net>")
	b.SetBytes(int64(doc.Len()))
	for b.Loop() {
		r := xml.New(bytes.NewReader(doc.Bytes()), xml.Options{Depth: 16, Text: 64})
		for {
			t, err := r.Next()
			if err != nil {
				b.Fatal(err)
			}
			if t.Kind == xml.EOF {
				break
			}
		}
	}
}
