package pmml_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	"github.com/picketsec/picket/artifact/format/pickle"
	layout "github.com/picketsec/picket/artifact/format/pmml"
	"github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/pmml"
	detectxml "github.com/picketsec/picket/detect/model/xml"
)

func formats() []format.Format {
	return append([]format.Format{layout.Format{}, xml.Format{}, pickle.Format{}}, known.Formats()...)
}

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.pmml.") }

// model wraps the content of a model.
func model(content string) string {
	return `<?xml version="1.0"?><PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">` + content + `</PMML>`
}

func TestFindings(t *testing.T) {
	blob := base64.StdEncoding.EncodeToString([]byte("\x80\x02cposix\nsystem\nX\x06\x00\x00\x00echo x\x85R."))
	for content, want := range map[string]string{
		`<Header copyright="a (c) of 2026"><Extension name="user" value="me"/><Application name="x" version="1"/></Header>`: "",
		`<Apply function="log10"/><Apply function="x-erf"/><Apply function="mine"/><DefineFunction name="mine"/>`:           "",
		`<InlineTable><row><script>1</script></row></InlineTable>`:                                                          "",
		`<Apply function="java.lang.Runtime"/>`:                                                                             "java-class",
		`<Apply function="com.example.Fn"/>`:                                                                                "java-class",
		`<Apply function="x-java.lang.Runtime"/>`:                                                                           "java-class",
		`<Apply function="system"/>`:                                                                                        "unknown-function",
		`<script for="x">print(1)</script>`:                                                                                 "script",
		`<Header><Extension><script>1</script></Extension></Header>`:                                                        "script",
		`<Header><Extension><X-Vendor a="b"/></Extension></Header>`:                                                         "",
		`<Weights3D/>`: "unknown-element",
		`<Header><Extension name="pre" value="__import__('os').system('echo x')"/></Header>`:                                                                                    "model.text.code",
		`<Header><Annotation>see &lt;script&gt;alert(1)&lt;/script&gt; for more</Annotation></Header>`:                                                                          "model.text.markup",
		`<Header><Extension>${jndi:ldap://127.0.0.1/x}</Extension></Header>`:                                                                                                    "model.text.code",
		`<MapValues><TableLocator/></MapValues>`:                                                                                                                                "external-reference",
		`<Header><Extension href="../../x"/></Header>`:                                                                                                                          "external-reference",
		`<Header><Extension value="` + blob + `"/></Header>`:                                                                                                                    "",
		`<Header><Extension value="` + base64.StdEncoding.EncodeToString([]byte("__import__('os').system('x')")) + `"/></Header>`:                                               "model.text.code",
		`<Header><Annotation>Evaluate (see the paper, doi://x) with care: 100/3 is not 33, and the value is $5; see retrieval(x), transformedFunction(0)</Annotation></Header>`: "",
	} {
		r := detecttest.Run(t, []byte(model(content)), formats(), pmml.Detector{}, detectxml.Detector{})
		if got := ids(r); got != want {
			t.Errorf("%s: got %q, want %q", content, got, want)
		}
		hidden := strings.Contains(content, blob)
		if want == "" && (r.Verdict == picket.Clean) == hidden {
			t.Errorf("%s: verdict %v, gaps %v", content, r.Verdict, r.Coverage.Gaps)
		}
	}
}

func TestBrokenDocumentIsNotClean(t *testing.T) {
	r := detecttest.Run(t, []byte(model(`<Apply function="a.B"/>`)[:105]), formats(), pmml.Detector{}, detectxml.Detector{})
	if r.Verdict == picket.Clean || ids(r) != "java-class" {
		t.Errorf("%v %s", r.Verdict, ids(r))
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, pmml.Detector{}, formats(), map[string][]byte{
		"model": []byte(model(`<Header><Extension name="a" value="eval(1)"/></Header><Apply function="a.B"/><script/>`))})
}
