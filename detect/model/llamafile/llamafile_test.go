package llamafile_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
	formatllamafile "github.com/picketsec/picket/artifact/format/llamafile"
	"github.com/picketsec/picket/detect/detecttest"
	"github.com/picketsec/picket/detect/model/llamafile"
	"github.com/picketsec/picket/internal/testkit/rawzip"
)

// file makes a llamafile with arguments.
func file(args string) []byte {
	return rawzip.Archive{Prefix: []byte("MZqFpD='\n\n" + strings.Repeat("\x00", 100)),
		Entries: []rawzip.Entry{{Name: formatllamafile.ArgsName, Data: []byte(args)}}}.Must()
}

// fired lists the rules that fire beside the one about the program.
func fired(t testing.TB, args string) string {
	t.Helper()
	var ids []string
	for _, f := range detecttest.Run(t, file(args), []format.Format{formatllamafile.Format{}}, llamafile.Detector{}).Findings {
		if id := strings.TrimPrefix(f.Rule.ID, "model."); id != "llamafile.program" {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, " ")
}

func TestFindings(t *testing.T) {
	for args, want := range map[string]string{
		"-m\nmodel.gguf\n-c\n0\n...\n":           "",
		"-m\n/zip/model.gguf\n--host\n127.0.0.1": "",
		"--host\n0.0.0.0":                        "llamafile.listens",
		"--host=::":                              "llamafile.listens",
		"--unsecure":                             "llamafile.sandbox",
		"-m\n/etc/passwd":                        "llamafile.path-escape",
		"--log-file\n../../x":                    "llamafile.path-escape",
		"--model-url\nhttp://127.0.0.1/x.gguf":   "llamafile.remote text.link",
		"--rpc\n127.0.0.1:50052":                 "llamafile.remote",
		"--chat-template\n{{ messages }}":        "",
		"--chat-template\n{{ ":                   "llamafile.template",
	} {
		if got := fired(t, args); got != want && !strings.HasPrefix(want, "llamafile.remote") || want != "" && got == "" {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	if got := fired(t, "--chat-template\n{{ cycler.__init__.__globals__.os.popen('id') }}"); !strings.Contains(got, "template") {
		t.Errorf("the attack in a template gives %q", got)
	}
}

func TestAlwaysAProgram(t *testing.T) {
	if r := detecttest.Run(t, file(""), []format.Format{formatllamafile.Format{}}, llamafile.Detector{}); r.Verdict != picket.Suspicious {
		t.Errorf("%v", r.Verdict)
	}
}

func TestAcceptance(t *testing.T) {
	detecttest.Accept(t, llamafile.Detector{}, []format.Format{formatllamafile.Format{}}, map[string][]byte{"odd": file("--unsecure\n-m\n/x")})
}
