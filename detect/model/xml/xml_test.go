package xml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/known"
	layout "github.com/picketsec/picket/artifact/format/xml"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/xml"
)

func formats() []format.Format { return append([]format.Format{layout.Format{}}, known.Formats()...) }

// ids lists the rules that fired.
func ids(r picket.Result) string { return detecttest.Fired(r, "model.xml.") }

const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

func laughs(levels int) string {
	s := `<!DOCTYPE a [<!ENTITY l0 "lol">`
	for i := range levels {
		s += fmt.Sprintf(`<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	return s + fmt.Sprintf("]><a>&l%d;</a>", levels)
}

func TestFindings(t *testing.T) {
	for doc, want := range map[string]string{
		declaration + `<a b="c">text</a>`: "",
		declaration + `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>`: "",
		declaration + `<!DOCTYPE a [<!ENTITY ns "http://ns.adobe.com/x"><!ELEMENT a ANY>]><a x="&ns;"/>`:                         "",
		declaration + laughs(3): "",
		declaration + laughs(9): "entity-expansion",
		declaration + `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`:       "external-entity",
		declaration + `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><a/>`:       "external-entity",
		declaration + `<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>`:                       "external-subset",
		declaration + `<!DOCTYPE a PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://127.0.0.1/a"><a/>`: "external-subset",
		declaration + `<a><xi:include href="/etc/passwd" parse="text"/></a>`:                   "include",
		declaration + `<a><include href="x"/></a>`:                                             "",
		declaration + `<?xml-stylesheet href="x.xsl"?><a/>`:                                    "instruction",
		declaration + `<a><?php system("echo x") ?></a>`:                                       "instruction",
		`<?xml version="1.0" encoding="UTF-7"?><a/>`:                                           "encoding",
		`<?xml version="1.0" encoding="UTF-16"?><a/>`:                                          "encoding",
		declaration + strings.Repeat("<a>", 3000) + strings.Repeat("</a>", 3000):               "depth",
		declaration + `<!DOCTYPE a [<!ENTITY x>]><a/>`:                                         "external-entity",
	} {
		r := detecttest.Run(t, []byte(doc), formats(), xml.Detector{})
		if got := ids(r); got != want {
			t.Errorf("%.120s: got %q, want %q (%v)", doc, got, want, r.Coverage.Gaps)
		}
		if want == "" && (r.Verdict != picket.Clean || r.Coverage.Parsed != int64(len(doc))) {
			t.Errorf("%.120s: verdict %v, coverage %+v", doc, r.Verdict, r.Coverage)
		}
		if want != "" && r.Verdict == picket.Clean {
			t.Errorf("%.120s is clean", doc)
		}
	}
}

func TestAccept(t *testing.T) {
	detecttest.Accept(t, xml.Detector{}, formats(), map[string][]byte{
		"doctype": []byte(declaration + `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b c="d">&x;</b></a>`)})
}
