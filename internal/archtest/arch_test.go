package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/picketsec/picket"

// row says what the packages of a folder and of its subfolders may import of the module. The longest folder wins.
type row struct {
	folder string
	may    []string // folders; each stands for itself and what is below it
	net    bool     // may use the network
	files  bool     // may use the file system
	exec   bool     // may run other programs
}

// rows is the direction of imports, from the vocabulary up to the commands. "" is the root package.
func rows() []row {
	inspect := []string{"", "artifact/format", "internal/limits", "internal/extent", "internal/jsonstream", "internal/protomsg", "internal/flatbuffer"}
	return []row{
		{folder: ""},
		{folder: "artifact/format", may: inspect},
		{folder: "artifact/source", may: append([]string{"detect", "artifact/source"}, inspect...), files: true, net: true},
		{folder: "detect", may: append([]string{"detect", "internal/extent"}, inspect...)},
		{folder: "bom", may: []string{"", "artifact/format", "evidence", "internal/limits", "internal/jsonstream", "bom"}},
		{folder: "evidence", may: []string{"", "evidence"}},
		{folder: "evidence/timestamp", may: []string{"", "evidence"}, net: true}, // the timestamp authority that the operator names
		{folder: "evidence/keyless", may: []string{"", "evidence"}, net: true},   // the services of a Sigstore instance
		{folder: "evidence/command", may: []string{"", "evidence"}, exec: true},  // the operator's own signing program
		{folder: "evidence/pkcs11", may: []string{"", "evidence"}, files: true},
		{folder: "claimstore", may: []string{"", "evidence", "claimstore", "internal/filelock"}, files: true, net: true},
		{folder: "transfer", may: []string{"", "evidence", "internal/filelock"}, files: true},
		{folder: "policy", may: []string{"", "evidence", "policy"}},
		{folder: "report", may: []string{"", "internal/layout"}},
		{folder: "cmd", may: []string{"", "artifact", "detect", "evidence", "claimstore", "policy", "report", "bom", "transfer", "internal"}, files: true},
		{folder: "bench", may: []string{"", "artifact", "detect", "report", "internal", "bench"}, files: true},
		{folder: "release", may: []string{"internal/pack", "", "evidence", "claimstore", "bom", "release"}, files: true},
		{folder: "release/build", may: []string{""}, files: true, exec: true},
		{folder: "release/image", may: []string{"internal/pack"}, files: true},
		{folder: "internal/archtest"},
		{folder: "internal/protomsg", may: []string{"artifact/format", "internal/limits"}},
		{folder: "internal/flatbuffer", may: []string{"artifact/format", "internal/limits"}},
		{folder: "internal/extent", may: []string{"internal/limits"}},
		{folder: "internal/jsonstream", may: []string{"", "artifact/format", "internal/limits"}},
		{folder: "internal/filelock", files: true},
		{folder: "internal/pack"},
		{folder: "internal/layout", may: []string{""}},
		{folder: "internal/limits"},
		{folder: "internal/reference", may: []string{"", "detect", "artifact/format", "report", "policy", "internal/reference"}},
		{folder: "internal/testkit/sigstore", may: []string{"internal/testkit"}, net: true}, // a private instance on the loopback address
		{folder: "internal/testkit", may: []string{"", "artifact/format", "internal/testkit", "internal/flatbuffer", "internal/limits"}, files: true},
	}
}

// banned lists imports that nobody may have, with what to use in their place.
func banned() map[string]string {
	return map[string]string{
		"unsafe":                         "plain Go",
		"plugin":                         "a line in detect/builtin",
		"encoding/gob":                   "a documented format",
		"log":                            "log/slog, passed in",
		"io/ioutil":                      "io and os",
		"archive/zip":                    "artifact/format/zip, which sees what archive/zip hides (tests may write with it)",
		"github.com/pkg/errors":          "fmt.Errorf with %w",
		"github.com/spf13/viper":         "one strict YAML file",
		"github.com/stretchr/testify":    "the testing package and go-cmp",
		"gopkg.in/yaml.v3":               "go.yaml.in/yaml/v3",
		"github.com/sirupsen/logrus":     "log/slog, passed in",
		"golang.org/x/exp/slices":        "slices",
		"github.com/nlpodyssey/gopickle": "artifact/format/pickle, which builds no object",
	}
}

// source is one parsed file.
type source struct {
	path    string // slash-separated, from the root of the module
	folder  string
	test    bool
	imports []string
	file    *ast.File
	text    string
}

// parse returns every Go file of the module.
func parse(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil || len(all) < 20 {
		t.Fatalf("parse the module: %v (%d files)", err, len(all))
	}
	return all
}

// parsed reads the module once for all tests.
var parsed = sync.OnceValues(func() ([]source, error) {
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			nested, _ := os.Stat(filepath.Join(name, "go.mod"))
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || rel == "corpus" || nested != nil) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		s, err := parseFile(name, rel)
		all = append(all, s)
		return err
	})
	return all, err
})

// parseFile reads one Go file.
func parseFile(name, rel string) (source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	f, err := parser.ParseFile(token.NewFileSet(), rel, text, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{path: rel, folder: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), file: f, text: string(text)}
	if s.folder == "." {
		s.folder = ""
	}
	for _, im := range f.Imports {
		s.imports = append(s.imports, strings.Trim(im.Path.Value, `"`))
	}
	return s, nil
}

// under reports whether folder is parent or below it; the root package stands only for itself.
func under(folder, parent string) bool {
	return folder == parent || parent != "" && strings.HasPrefix(folder, parent+"/")
}

// rowFor finds the row of a folder.
func rowFor(folder string) (row, bool) {
	var best row
	found := false
	for _, r := range rows() {
		if under(folder, r.folder) && (!found || len(r.folder) > len(best.folder)) {
			best, found = r, true
		}
	}
	return best, found
}

func TestImportDirection(t *testing.T) {
	for _, s := range parse(t) {
		r, ok := rowFor(s.folder)
		if !ok {
			t.Errorf("%s: folder %q has no row in rows(); add one that says what it may import", s.path, s.folder)
			continue
		}
		for _, im := range s.imports {
			target, ours := strings.CutPrefix(im, module)
			if !ours {
				continue
			}
			target = strings.TrimPrefix(target, "/")
			if s.test && (under(target, "internal/testkit") || under(target, "detect") || under(target, "artifact/format") || target == "") {
				continue // tests may drive the engine and use fixtures
			}
			if under(target, r.folder) && r.folder != "" && under(s.folder, target) {
				continue // a subpackage may use its parent's contract
			}
			if !slices.ContainsFunc(r.may, func(m string) bool { return under(target, m) }) {
				t.Errorf("%s imports %s; folder %q may import only %q", s.path, target, r.folder, r.may)
			}
		}
	}
}

func TestNetworkAndFiles(t *testing.T) {
	for _, s := range parse(t) {
		r, _ := rowFor(s.folder)
		for _, im := range s.imports {
			if s.test || under(s.folder, "bench") {
				continue
			}
			if (im == "net" || strings.HasPrefix(im, "net/http") || im == "crypto/tls") && !r.net {
				t.Errorf("%s imports %s; only folders whose row says net may reach the network", s.path, im)
			}
			if (im == "os" || im == "io/ioutil" || im == "path/filepath") && !r.files {
				t.Errorf("%s imports %s; only folders whose row says files may touch the file system", s.path, im)
			}
			if im == "os/exec" && !r.exec {
				t.Errorf("%s imports os/exec; only folders whose row says exec may run other programs", s.path)
			}
		}
	}
}

func TestBannedImports(t *testing.T) {
	for _, s := range parse(t) {
		for _, im := range s.imports {
			if instead, bad := banned()[im]; bad && !s.test && !under(s.folder, "internal/testkit") && !under(s.folder, "bench") &&
				!(s.folder == "internal/pack" && im == "archive/zip") { // it writes one, from files of our own
				t.Errorf("%s imports %s; use %s", s.path, im, instead)
			}
		}
	}
}

func TestNoBannedFolders(t *testing.T) {
	bad := regexp.MustCompile(`(^|/)(pkg|util|utils|common|helpers|misc|types|models)(/|$)`)
	for _, s := range parse(t) {
		if bad.MatchString(s.folder) {
			t.Errorf("%s: name the folder after what it provides", s.path)
		}
		if strings.Count(s.folder, "/") > 3 {
			t.Errorf("%s: packages nest at most three deep", s.path)
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, s := range parse(t) {
		if s.test {
			continue
		}
		seen[s.folder] = true
		if s.file.Doc != nil && len(s.file.Doc.Text()) > 60 {
			documented[s.folder] = true
		}
	}
	for folder := range seen {
		if !documented[folder] {
			t.Errorf("package in %q has no package comment that says what it is, for whom, and what it will not do", folder)
		}
	}
}

func TestNoInitAndExit(t *testing.T) {
	for _, s := range parse(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function; construct values where they are used", s.path)
			}
		}
		if strings.Contains(s.text, "os.Exit(") && s.path != "cmd/picket/main.go" && s.path != "release/main.go" && !s.test && !under(s.folder, "bench") && !under(s.folder, "internal/archtest") {
			t.Errorf("%s calls os.Exit; only the main.go of a command may", s.path)
		}
	}
}

func TestFunctionLength(t *testing.T) {
	var lengths []int
	for _, s := range parse(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			n := strings.Count(s.text[f.Pos()-s.file.FileStart:f.End()-s.file.FileStart], "\n") + 1
			lengths = append(lengths, n)
			if n > 80 {
				t.Errorf("%s: %s has %d lines; split it along the domain", s.path, f.Name.Name, n)
			}
		}
	}
	sort.Ints(lengths)
	if p95 := lengths[len(lengths)*95/100]; p95 > 55 {
		t.Errorf("95 %% of the functions have up to %d lines; the bar is 55", p95)
	}
}

// TestFileLength keeps a file readable in one sitting.
func TestFileLength(t *testing.T) {
	for _, s := range parse(t) {
		if n := strings.Count(s.text, "\n"); n > 440 && !s.test {
			t.Errorf("%s has %d lines; split it along the domain", s.path, n)
		}
	}
}

// TestNoMutableState fails for a function that changes a variable of its package: tables and sentinels are constant, and what
// changes belongs to a value that somebody makes.
func TestNoMutableState(t *testing.T) {
	variables := map[string]map[string]bool{} // names by folder
	all := parse(t)
	for _, s := range all {
		if variables[s.folder] == nil {
			variables[s.folder] = map[string]bool{}
		}
		for _, d := range s.file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR && !s.test {
				for _, spec := range g.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						variables[s.folder][name.Name] = name.Name != "_"
					}
				}
			}
		}
	}
	for _, s := range all {
		if s.test {
			continue
		}
		for _, name := range written(s.file) {
			if variables[s.folder][name] {
				t.Errorf("%s writes to %s, a variable of its package", s.path, name)
			}
		}
	}
}

// written lists the names that a file assigns to and that are not declared in the function that does so: the variable itself,
// or an element or a field of it.
func written(file *ast.File) []string {
	var names []string
	note := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			case *ast.Ident:
				if x.Obj == nil || file.Scope.Lookup(x.Name) == x.Obj { // of the package, in another file or this one
					names = append(names, x.Name)
				}
				return
			default:
				return
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			for _, e := range x.Lhs {
				if x.Tok != token.DEFINE {
					note(e)
				}
			}
		case *ast.IncDecStmt:
			note(x.X)
		}
		return true
	})
	return names
}

// TestFormatsHaveFuzzTargets requires a native fuzz target for every package that parses a format.
func TestFormatsHaveFuzzTargets(t *testing.T) {
	fuzzed, seen := map[string]bool{}, map[string]bool{}
	for _, s := range parse(t) {
		if !strings.HasPrefix(s.folder, "artifact/format/") {
			continue
		}
		seen[s.folder] = true
		if s.test && strings.Contains(s.text, "func Fuzz") {
			fuzzed[s.folder] = true
		}
	}
	for folder := range seen {
		if !fuzzed[folder] {
			t.Errorf("%s has no fuzz target", folder)
		}
	}
}

// TestEveryDetectorIsListed fails for a detector or format folder that the list in detect/builtin does not import.
func TestEveryDetectorIsListed(t *testing.T) {
	listed, seen := map[string]bool{}, map[string]string{}
	for _, s := range parse(t) {
		if s.folder == "detect/builtin" {
			for _, im := range s.imports {
				listed[strings.TrimPrefix(im, module+"/")] = true
			}
		}
		if s.test {
			continue
		}
		detector := strings.Count(s.folder, "/") >= 2 && strings.HasPrefix(s.folder, "detect/")
		format := strings.HasPrefix(s.folder, "artifact/format/")
		if (detector || format) && strings.Contains(s.text, ") Info() ") {
			seen[s.folder] = s.path
		}
	}
	for folder, file := range seen {
		if !listed[folder] {
			t.Errorf("%s declares a plugin that detect/builtin does not list", file)
		}
	}
}
