// Package ipynb judges Jupyter notebooks. Nothing runs when a notebook is opened, and notebooks install packages and run
// commands honestly; so what is reported is mild, but for cells that hide what they run. It runs nothing.
package ipynb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/ipynb"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/detect/model/python"
)

const maxEach = 10 // findings of one rule that are listed one by one

// Detector inspects notebooks.
type Detector struct{}

// Info implements detect.Detector.
func (Detector) Info() detect.Info {
	return detect.Info{
		Name: "ipynb", Title: "Jupyter notebooks: commands, downloads that run, hidden code, scripts in outputs", Formats: []string{ipynb.Name},
		Rules: append([]picket.Rule{ruleShell(), rulePipe(), ruleScript()}, python.Rules()...),
	}
}

// references are what the rules refer to.
func references(id string) []picket.Reference {
	return []picket.Reference{picket.Ref(id), picket.Ref("AML.T0011"),
		{Kind: "URL", ID: "Security in notebook documents", URL: "https://jupyter-notebook.readthedocs.io/en/stable/security.html"}}
}

func ruleShell() picket.Rule {
	return picket.Rule{
		ID: "model.notebook.shell-command", Title: "Notebook runs commands",
		Severity: picket.Info, Class: picket.Execution,
		What: "A cell runs a command of the shell.", Why: "Whoever runs the notebook runs the command. Most install packages.",
		Remedy: "Read the commands before you run the notebook.", References: references("CWE-78"),
	}
}

func rulePipe() picket.Rule {
	return picket.Rule{
		ID: "model.notebook.download-runs", Title: "Notebook runs what it downloads",
		Severity: picket.Medium, Class: picket.Execution,
		What:   "A cell hands what it downloads, or decodes, to a shell or an interpreter, or opens a shell to another machine.",
		Why:    "What runs is not part of the notebook, and can be something else tomorrow.",
		Remedy: "Do not run the notebook. Download the script, read it, then run it.", References: references("CWE-494"),
	}
}

func ruleScript() picket.Rule {
	return picket.Rule{
		ID: "model.notebook.output-script", Title: "Output of a notebook holds a script",
		Severity: picket.Low, Class: picket.Content,
		What:   "A saved output holds markup with a script. Plots that can be moved do.",
		Why:    "Viewers that trust the notebook run it when the notebook is opened.",
		Remedy: "Clear the outputs of notebooks from others.", References: references("CWE-79"),
	}
}

// The commands of a shell that run what comes from elsewhere, and markup that runs.
var (
	pipe = regexp.MustCompile(`\b(?:curl|wget|fetch|base64\s+(?:-d|--decode|-D))\b[^\n]*\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b|\b(?:curl|wget)\b[^\n]*\|\s*(?:sudo\s+)?(?:python|perl|ruby|node)[0-9.]*\b|` +
		`(?:ba|z)?sh\s+(?:-c\s+)?["']?<?\s*[<$]\(\s*(?:curl|wget)\b|/dev/tcp/|\bnc\b[^\n]*\s-e\s|\bpowershell(?:\.exe)?\b[^\n]*(?:-enc|DownloadString|iex)`)
	script = regexp.MustCompile(`(?i)<script\b|\son(?:error|load|click|mouseover)\s*=|javascript:`)
)

// Detect implements detect.Detector.
func (Detector) Detect(_ context.Context, in detect.Input, out *detect.Output) error {
	r, err := in.Blob.Open()
	if err != nil {
		return fmt.Errorf("open notebook: %w", err)
	}
	s := &scan{in: in, out: out, count: map[string]int{}}
	_, err = ipynb.Read(r, in.Budget, s.cell)
	return errors.Join(err, r.Close()) // the bytes are counted where the document is inspected as JSON
}

// scan is one run over one notebook.
type scan struct {
	in    detect.Input
	out   *detect.Output
	count map[string]int
}

// cell judges one cell.
func (s *scan) cell(c ipynb.Cell) error {
	if slices.ContainsFunc(c.Markup, script.MatchString) {
		s.report(c, picket.Finding{Rule: ruleScript(), Subject: fmt.Sprint("cell ", c.Number), Evidence: picket.NewEvidence("an output holds a script", "")})
	}
	if c.Type != "code" && c.Type != "" {
		return nil
	}
	if c.Cut {
		s.out.Gap(c.Offset, -1, "the source of a cell is longer than what is inspected")
	}
	source, commands := split(c.Source)
	for _, command := range commands {
		rule, what := ruleShell(), "the cell runs a command"
		if pipe.MatchString(command) {
			rule, what = rulePipe(), "the cell runs what it fetches or decodes"
		}
		s.report(c, picket.Finding{Rule: rule, Subject: fmt.Sprint("cell ", c.Number), Evidence: picket.NewEvidence(what, command)})
	}
	findings, err := python.Findings(source, s.in.Budget)
	for _, f := range findings {
		s.report(c, f)
	}
	return err
}

// split tells the Python of a cell from its commands: lines that begin with an exclamation mark, and cells of a shell.
func split(cell string) (source string, commands []string) {
	lines := strings.Split(cell, "\n")
	for _, magic := range []string{"%%bash", "%%sh", "%%script", "%%cmd", "%%system", "%%!", "%%perl", "%%ruby"} {
		if strings.HasPrefix(strings.TrimSpace(lines[0]), magic) {
			return "", []string{cell}
		}
	}
	for i, line := range lines {
		text := strings.TrimSpace(line)
		if before, after, found := strings.Cut(text, "= !"); found && !strings.ContainsAny(before, "\"'(") {
			text = "!" + after
		}
		switch {
		case strings.HasPrefix(text, "!"):
			commands = append(commands, text[1:])
		case strings.HasPrefix(text, "%system "), strings.HasPrefix(text, "%sx "), strings.HasPrefix(text, "%alias "):
			commands = append(commands, text)
		case strings.HasPrefix(text, "%") || strings.HasPrefix(text, "?") || strings.HasSuffix(text, "?"):
		default:
			continue
		}
		lines[i] = line[:len(line)-len(strings.TrimLeft(line, " \t"))] + "pass"
	}
	return strings.Join(lines, "\n"), commands
}

// report keeps at most maxEach findings of a rule, at the place of their cell.
func (s *scan) report(c ipynb.Cell, f picket.Finding) {
	if s.count[f.Rule.ID]++; s.count[f.Rule.ID] > maxEach {
		return
	}
	if f.Confidence == "" {
		f.Confidence = picket.Certain
	}
	f.Location = picket.At("", c.Offset)
	f.Evidence.Summary = fmt.Sprintf("cell %d: %s", c.Number, f.Evidence.Summary)
	s.out.Report(f)
}
