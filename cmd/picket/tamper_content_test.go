package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/picketsec/picket/evidence"
)

// differs is what all verbs say about content that is another: only model signatures list the difference itself.
func differs(name string, says string, do func(*scene)) attempt {
	return attempt{name: name, tamper: do, verify: `(?s)NOT verified.*the signature by .* holds, the content is another.*` + says,
		gate:   denial("gate.scan-result", `model\.sig: digest: it is about other content: .*(is missing|was added|was changed)`),
		claims: `does not count  claims\.jsonl line 1: scan result.*(digest: it is about other content|coverage: it does not cover every file)`}
}

// byteChanges change what is in a file.
func byteChanges() map[string]func([]byte) []byte {
	return map[string]func([]byte) []byte{
		"first bit":         func(b []byte) []byte { b[0] ^= 1; return b },
		"last bit":          func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b },
		"cut by a byte":     func(b []byte) []byte { return b[:len(b)-1] },
		"cut at the front":  func(b []byte) []byte { return b[1:] },
		"emptied":           func([]byte) []byte { return nil },
		"a zero byte more":  func(b []byte) []byte { return append(b, 0) },
		"a line break more": func(b []byte) []byte { return append(b, '\n') },
		"a mark in front":   func(b []byte) []byte { return append([]byte("\uFEFF"), b...) },
		"twice":             func(b []byte) []byte { return append(b, b...) },
		"zeroed":            func(b []byte) []byte { return make([]byte, len(b)) },
		"backwards":         func(b []byte) []byte { slices.Reverse(b); return b },
		"upper case":        func(b []byte) []byte { return append(bytes.ToUpper(b), 'X') },
		"compressed": func(b []byte) []byte {
			var out bytes.Buffer
			w := gzip.NewWriter(&out)
			_, _ = w.Write(b) // a buffer takes everything
			_ = w.Close()
			return out.Bytes()
		},
	}
}

// byteTampers: every change on a file of the root and on one below, and a random byte of every file.
func byteTampers(sp *specimen) []attempt {
	var list []attempt
	edit := func(what, name string, change func([]byte) []byte) {
		list = append(list, differs(what+" of "+name, regexpOf(name)+" was changed", func(s *scene) {
			write(s.t, s.in(name), change([]byte(s.files[name])))
		}))
	}
	changes := byteChanges()
	for _, what := range sortedKeys(changes) {
		edit(what, "config.json", changes[what])
		edit(what, "weights/a/part.bin", changes[what])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range sp.names() {
		at, by := random.IntN(len(sp.files[name])), byte(1+random.IntN(255))
		edit(fmt.Sprintf("byte %d xor %d", at, by), name, func(b []byte) []byte { b[at] ^= by; return b })
	}
	return list
}

// regexpOf is a name as it stands in an answer, as a pattern.
func regexpOf(name string) string { return strings.NewReplacer(".", `\.`, "+", `\+`).Replace(name) }

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// rename moves a file of the model.
func rename(s *scene, from, to string) {
	if err := os.MkdirAll(filepath.Dir(s.in(to)), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.in(from), s.in(to)); err != nil {
		s.t.Fatal(err)
	}
}

// moved is a file under another name.
func moved(from, to string) attempt {
	return differs(fmt.Sprintf("%q as %q", from, to), "is missing", func(s *scene) { rename(s, from, to) })
}

// nameTampers: files under other names, in other folders, removed and added.
func nameTampers(*specimen) []attempt {
	var list []attempt
	for from, to := range map[string]string{
		"config.json": "config.yaml", "Config.json": "Config.json.bak", "weights/a-b.bin": "weights/a-b.pkl", "weights/z.bin": "z.bin",
		"weights/a/part.bin": "weights/part.bin",
	} {
		list = append(list, moved(from, to))
	}
	for _, to := range []string{".hidden", "weights/z.bin ", "weights/z.bin.", "weights/z.bin\n", "weights/z\tbin", "weights/z.bin\u202e", "weights\\z.bin",
		"weights/z.bin:$DATA", "weights/CON", "weights/z.bin\u200b", strings.Repeat("n", 255), "a/b/c/d/e/f/g", "weights/model.sig", "-rf"} {
		list = append(list, moved("weights/z.bin", to))
	}
	for _, name := range []string{"config.json", "weights/a/part.bin", composed} {
		list = append(list, differs("without "+name, regexpOf(name)+" is missing", func(s *scene) { remove(s, name) }))
	}
	for _, name := range []string{"setup.py", ".env", "docs/.gitignore", "weights/claims.jsonl", "__pycache__/x.pyc", "weights/a/b/c"} {
		list = append(list, differs("with "+name, regexpOf(name)+" was added", func(s *scene) { write(s.t, s.in(name), []byte("x")) }))
	}
	hidden := func(name string) attempt { // no model signature covers these by specification; the policy says no
		return attempt{name: "with " + name, tamper: func(s *scene) { write(s.t, s.in(name), []byte("x")) }, gate: denial("no-hidden-names", "")}
	}
	list = append(list, hidden(".gitignore"), hidden(".gitattributes"), hidden(".git/config"), hidden(".github/workflows/x.yml"))
	return append(list, attempt{name: "a name that is no text", tamper: func(s *scene) { rename(s, "weights/z.bin", "weights/\xff.bin") },
		verify: "is not UTF-8 text", gate: denial("gate.content", "is not UTF-8 text"), claims: "is not UTF-8 text", code: unread("verify", "claims")})
}

func remove(s *scene, name string) {
	if err := os.Remove(s.in(name)); err != nil {
		s.t.Fatal(err)
	}
}

// caseTampers: names in other cases, and names that differ by case alone exchanged.
func caseTampers(sp *specimen) []attempt {
	var list []attempt
	for _, name := range sp.names() {
		for _, to := range []string{strings.ToUpper(name), strings.ToTitle(name[:1]) + name[1:], name[:len(name)-1] + strings.ToUpper(name[len(name)-1:]),
			strings.Map(swapCase, name)} {
			to = path.Join(path.Dir(name), path.Base(to)) // of the last element
			if _, there := sp.files[to]; !there && to != name {
				list = append(list, moved(name, to))
			}
		}
	}
	list = append(list, moved("weights/z.bin", "Weights/z.bin"), moved(composed, "DOCS/caf\u00e9.txt"))
	list = append(list, moved("weights/a-b.bin", "WEIGHTS/a-b.bin"), moved("weights/a/part.bin", "weights/A/part.bin"), moved("config.json", "CONFIG.json"))
	list = append(list, exchanged("config.json", "Config.json"))
	slices.SortFunc(list, func(a, b attempt) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(list, func(a, b attempt) bool { return a.name == b.name })
}

// exchanged are two files that took each other's place.
func exchanged(a, b string) attempt {
	return differs(fmt.Sprintf("%q and %q exchanged", a, b), "was changed", func(s *scene) {
		write(s.t, s.in(a), []byte(s.files[b]))
		write(s.t, s.in(b), []byte(s.files[a]))
	})
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}

// unicodeTampers: names that look alike.
func unicodeTampers(*specimen) []attempt {
	list := []attempt{exchanged(composed, decomposed)}
	for from, to := range map[string]string{composed: decomposed, decomposed: composed} {
		list = append(list, differs(fmt.Sprintf("only the form %+q", to), "is missing", func(s *scene) { rename(s, from, to) }),
			differs(fmt.Sprintf("%+q as %+q below", from, to), "is missing", func(s *scene) { rename(s, from, "docs/x/"+path.Base(to)) }))
	}
	for _, to := range []string{"we\u0456ghts/z.bin", "weights/\u017f.bin", "weights/z\u2024bin", "weights/\uff5a.bin", "weights/z.b\u0131n", "weights/z.b\u0438n",
		"weights/\u200bz.bin", "weights/z\u00ad.bin", "weights/z.bin\u0301", "weights/\u2060z.bin", "weights\u2215z.bin", "weights\u2044z.bin", "weights/\u1d467.bin",
		"weights/z\u00a0.bin", "weights/z.bin\ufe0f", "\ufeffweights/z.bin", "weights/\u212a.bin", "weights/z.b\u1e2dn", "weights/\U0001d6a3.bin", "weights/\u202ez.bin"} {
		a := moved("weights/z.bin", to)
		a.name = fmt.Sprintf("z.bin as %+q", to)
		list = append(list, a)
	}
	return list
}

// linkTampers: links in the place of files. Without the operator's word all are refused; with it those are that lead to
// something else, or out of the tree.
func linkTampers(*specimen) []attempt {
	targets := map[string]string{"a file of the system": "/etc/passwd", "an endless file": "/dev/zero", "the process": "/proc/self/environ", "outside": "../../head.json",
		"a folder": "../docs", "the root": "/", "nothing": "nowhere", "itself": "z.bin", "the signature": "../model.sig", "the claims": "../claims.jsonl",
		"another file": "a-b.bin", "outside and back": "../../model/weights/a-b.bin", "up and down": "../weights/../../model/config.json", "by way of a folder": "a/../a-b.bin"}
	var list []attempt
	for _, what := range sortedKeys(targets) {
		link := func(s *scene) { symlink(s, targets[what], "weights/z.bin") }
		list = append(list, refusedLink("to "+what, `is a symbolic link; --allow-symlinks`, link))
		allowed := attempt{name: "to " + what + ", links allowed", tamper: func(s *scene) { link(s); s.allowLinks() },
			verify: "outside of the tree|symbolic link to a directory|no such file|too many|escapes|outside", gate: denial("gate.content", "link|no such file|too many|escapes"),
			code: unread("verify")}
		if slices.Contains([]string{"another file", "by way of a folder", "the signature", "the claims"}, what) {
			allowed.verify, allowed.code, allowed.gate = `z\.bin was changed`, nil, denial("gate.scan-result", `z\.bin was changed`)
		}
		list = append(list, allowed)
	}
	list = append(list,
		refusedLink("a folder", "is a symbolic link", func(s *scene) {
			rename(s, "weights/a/part.bin", "docs/part.bin")
			remove(s, "weights/a")
			symlink(s, "../docs", "weights/a")
		}),
		refusedLink("added", "is a symbolic link", func(s *scene) { symlink(s, "config.json", "more.json") }),
		attempt{name: "chain that leaves, links allowed", tamper: func(s *scene) {
			symlink(s, "../../head.json", "docs/out")
			symlink(s, "../docs/out", "weights/z.bin")
			s.allowLinks()
		}, verify: "outside of the tree", gate: denial("gate.content", "outside of the tree"), code: unread("verify")},
		attempt{name: "in the place of the claims", tamper: func(s *scene) {
			write(s.t, s.at("elsewhere.jsonl"), joined(s.lines))
			symlink(s, "../elsewhere.jsonl", evidence.ClaimsFile)
		}, gate: denial("gate.content", "kept for a file of claims"), claims: "kept for a file of claims", code: unread("claims")},
		attempt{name: "in the place of the signature", tamper: func(s *scene) {
			write(s.t, s.at("elsewhere.sig"), s.sig)
			symlink(s, "../elsewhere.sig", evidence.SignatureFile)
		}, verify: "is a symbolic link", gate: denial("gate.content", "kept for a file of claims"), code: unread("verify")})
	return list
}

// refusedLink is a link that nobody allowed.
func refusedLink(name, says string, do func(*scene)) attempt {
	return attempt{name: name, tamper: do, verify: says, gate: denial("gate.content", says), claims: says, code: unread("verify", "claims")}
}

// symlink makes a link, also in the place of a file.
func symlink(s *scene, target, name string) {
	if err := os.Remove(s.in(name)); err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	if err := os.Symlink(target, s.in(name)); err != nil {
		s.t.Fatal(err)
	}
}

// allowLinks is the operator's word.
func (s *scene) allowLinks() {
	for _, verb := range []string{"verify", "gate", "claims"} {
		s.args[verb] = append(slices.Clone(s.args[verb]), "--allow-symlinks")
	}
}
