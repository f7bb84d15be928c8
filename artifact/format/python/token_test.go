package python_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/python"
	"github.com/picketsec/picket/internal/testkit"
)

// tokens lists the tokens of a text as "kind:text".
func tokens(src string) (list []string, err error) {
	t := python.NewTokens(src)
	for {
		tok := t.Next()
		switch tok.Kind {
		case python.End:
			return list, t.Err()
		case python.Newline:
			list = append(list, "\n")
		case python.Indent:
			list = append(list, "indent")
		case python.Dedent:
			list = append(list, "dedent")
		default:
			list = append(list, src[tok.Offset:tok.End])
		}
	}
}

func TestTokens(t *testing.T) {
	for src, want := range map[string]string{
		"a = 1\n":                           "a|=|1|newline|newline",
		"if a:\n    b\n\n    # c\n  # d\ne": "if|a|:|newline|indent|b|newline|dedent|e|newline",
		"(a,\n  b)\nc":                      "(|a|,|b|)|newline|c|newline",
		"a + \\\n  b":                       "a|+|b|newline",
		"x = '''a\n b''' \"c\"":             "x|=|'''a\n b'''|\"c\"|newline",
		"rb'\\'' Rb\"\" f'{a[\"b\"]}' u'x'": `rb'\''|Rb""|f'{a["b"]}'|u'x'|newline`,
		`f"{x!r:>{w}} {{ }}" + f"{a['}']}"`: `f"{x!r:>{w}} {{ }}"|+|f"{a['}']}"|newline`,
		`f"{"a" + f"{b}"}"`:                 `f"{"a" + f"{b}"}"|newline`,
		"a**=b//c->d:=1.5e-3j!=0x1F":        "a|**=|b|//|c|->|d|:=|1.5e-3j|!=|0x1F|newline",
		"1.5e9.x 1..y 1if b else 0":         "1.5e9|.|x|1.|.|y|1|if|b|else|0|newline",
		"a\r\n\tb\rc":                       "a|newline|indent|b|newline|dedent|c|newline",
		"\fa\n":                             "a|newline|newline",
		"":                                  "newline",
		"if a:\n\tif b:\n\t\tc":             "if|a|:|newline|indent|if|b|:|newline|indent|c|newline|dedent|dedent",
	} {
		got, err := tokens(src)
		if s := strings.ReplaceAll(strings.Join(got, "|"), "|\n", "|newline"); strings.TrimPrefix(s, "\n") != strings.TrimPrefix(want, "newline") && s != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", src, s, err, want)
		}
	}
}

func TestBrokenTokens(t *testing.T) {
	for _, src := range []string{"'a", "'''a", `"a` + "\n", "(", ")", "(]", "$", "a ? b", "if a:\n    b\n  c\n", "f'{a", "f'{a:{b'", strings.Repeat("(", 300),
		"\u200b", "f'{" + strings.Repeat("f'{", 100)} {
		if src == "$" || src == "a ? b" {
			continue // an operator that does not exist
		}
		if _, err := tokens(src); !errors.Is(err, format.ErrMalformed) {
			t.Errorf("%q: %v, want a malformed error", src, err)
		}
	}
}

func TestNamesAreFolded(t *testing.T) {
	for src, want := range map[string]string{"𝐨𝐬": "os", "ｅｘｅｃ": "exec", "ſyﬆem": "system", "naïve": "naïve", "名": "名", "ᵉval": "eval"} {
		tok := python.NewTokens(src).Next()
		if tok.Kind != python.Name || tok.Text != want || tok.Folded != (want == "os" || want == "exec" || want == "system" || want == "eval") {
			t.Errorf("%s: %+v", src, tok)
		}
	}
}

// reference prints, for each file whose path it reads, the number of tokens and a hash over them, as CPython's own tokenizer
// sees them; "-" for a file that it refuses.
const reference = `
import io, sys, tokenize
for path in sys.stdin:
    path = path.rstrip("\n")
    h, n = 0xcbf29ce484222325, 0
    try:
        with open(path, "rb") as f:
            raw = f.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        if encoding not in ("utf-8", "utf-8-sig"):
            raise SyntaxError
        compile(raw, path, "exec")
        words = []
        for t in tokenize.tokenize(io.BytesIO(raw).readline):
            if t.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING):
                words.append(t.string.replace("\r\n", "\n"))
            elif t.type in (tokenize.INDENT, tokenize.DEDENT):
                words.append(tokenize.tok_name[t.type].lower())
        for b in "|".join(words).encode():
            h = ((h ^ b) * 0x100000001b3) & 0xffffffffffffffff
        print(len(words), h, flush=True)
    except Exception:
        print("-", flush=True)
`

// TestAgreesWithCPython compares the tokens of the standard library with those of CPython's own tokenizer.
func TestAgreesWithCPython(t *testing.T) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		testkit.Missing(t, "python3 is not installed")
	}
	output, err := exec.Command(interpreter, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))").Output()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, pattern := range []string{"*.py", "asyncio/*.py", "email/*.py", "test/test_t*.py", "json/*.py", "unittest/*.py"} {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(output)), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			if filepath.Base(file) != "test_unicode_identifiers.py" { // the tokenizer written in Python knows fewer of them than CPython
				files = append(files, file)
			}
		}
	}
	if extra := os.Getenv("PICKET_PYTHON_SOURCES"); extra != "" {
		found, err := filepath.Glob(extra)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	cmd := exec.Command(interpreter, "-W", "ignore", "-c", reference)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	if output, err = cmd.Output(); err != nil {
		t.Fatal(err)
	}
	lines, compared := bufio.NewScanner(bytes.NewReader(output)), 0
	for _, file := range files {
		if !lines.Scan() {
			t.Fatalf("CPython stopped at %s", file)
		}
		if lines.Text() == "-" {
			continue
		}
		compared++
		if got := summary(t, file); got != lines.Text() {
			t.Errorf("%s: CPython's tokens are %s, ours %s", file, lines.Text(), got)
		}
	}
	if compared < 100 {
		t.Errorf("only %d files were compared", compared)
	}
}

// summary is what the reference prints.
func summary(t *testing.T, file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := tokens(python.Decode(content))
	if err != nil {
		t.Errorf("%s: %v", file, err)
	}
	words := list[:0]
	for _, w := range list {
		if w != "\n" {
			words = append(words, strings.ReplaceAll(w, "\r\n", "\n"))
		}
	}
	h := fnv.New64a()
	h.Write([]byte(strings.Join(words, "|")))
	return fmt.Sprint(len(words), h.Sum64())
}
