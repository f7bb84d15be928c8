package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/internal/layout"
)

// page writes one HTML file that needs nothing else: no script, no request, and a policy that forbids both. The only style
// that its policy admits is its own, by digest.
type page struct{}

// Info implements Format.
func (page) Info() Info {
	return Info{Name: "html", Title: "one page for a browser, without scripts or requests", MediaType: "text/html; charset=utf-8",
		Extension: ".html"}
}

//go:embed page.css
var pageStyle string

//go:embed page.html.tmpl
var pageText string

// pageView is what the template shows.
type pageView struct {
	Style   template.CSS
	Policy  string
	Scan    picket.Scan
	Sum     tally
	Verdict picket.Verdict
	Steps   []step
	Loud    []picket.Result // artifacts with something to say
	Calm    []picket.Result // the others
}

// Write implements Format. The template writes as it goes; it holds no copy of the scan.
func (page) Write(w io.Writer, scan picket.Scan, _ Options) error {
	return buffered(w, "html", func(b *bufio.Writer) error {
		t, err := template.New("page").Funcs(pageFuncs()).Parse(pageText)
		if err != nil {
			return fmt.Errorf("parse template: %w", err)
		}
		sum := add(scan)
		digest := sha256.Sum256([]byte(pageStyle))
		view := pageView{
			Style: template.CSS(pageStyle), //nolint:gosec // the page's own style, embedded
			Scan:  scan, Sum: sum, Verdict: scan.Verdict(), Steps: steps(scan, sum, true),
			Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
				"'; base-uri 'none'; form-action 'none'",
		}
		for _, r := range scan.Results {
			if quiet(r) {
				view.Calm = append(view.Calm, r)
			} else {
				view.Loud = append(view.Loud, r)
			}
		}
		return t.Execute(b, view)
	})
}

// pageFuncs are the functions of the template. Everything from a scan goes through printable or path, because the escaping
// of html/template leaves characters that reorder or hide text as they are.
func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"printable": printable, "path": path, "describe": describe, "causes": causes, "gapPlace": gapPlace,
		"bytes": layout.Bytes, "number": func(n int) string { return layout.Number(int64(n)) },
		"verdicts": picket.Verdicts, "notCovered": func() string { return notCovered },
		"clean":       func() picket.Verdict { return picket.Clean },
		"headlines":   cause.headlines,
		"where":       cause.where,
		"certainty":   func(c cause) string { return string(c.confidence()) },
		"techniques":  func(c cause) string { return strings.Join(c.techniques(), ", ") },
		"excerpt":     cause.excerpt,
		"rule":        func(c cause) picket.Rule { return c.rule },
		"plain":       tally.plain,
		"bytesText":   bytesText,
		"rules":       func(t tally) []picket.Rule { return t.rules },
		"count":       func(t tally, v picket.Verdict) int { return t.verdicts[v] },
		"total":       func(t tally) int { return t.artifacts },
		"reasons":     func(t tally) []string { return t.reasonLines() },
		"command":     func(s step) string { return s.command },
		"purpose":     func(s step) string { return s.purpose },
		"unsupported": func(u string) string { return path(strings.TrimPrefix(u, ". ")) },
		"anchor":      func(i int) string { return fmt.Sprintf("a%d", i+1) },
	}
}

// reasonLines writes why ranges were not read, with counts.
func (t tally) reasonLines() []string {
	var lines []string
	for i, r := range t.reasons {
		if i == 4*maxReasons {
			return append(lines, "and "+layout.Count(len(t.reasons)-i, "more reason"))
		}
		lines = append(lines, fmt.Sprintf("%d× %s", r.count, printable(r.text)))
	}
	return lines
}
